type Listener = (...values: readonly unknown[]) => unknown;

/** `on`, `once` and `off` for a closed list of events. What a listener throws goes to `onError`; the others are still called. */
export class Listeners {
  private readonly lists = new Map<string, readonly { readonly call: Listener; readonly isOnce: boolean }[]>();
  private readonly onError: (thrown: unknown) => void;

  constructor(events: readonly string[], onError: (thrown: unknown) => void) {
    for (const event of events) this.lists.set(event, []);
    this.onError = onError;
  }

  add(event: string, call: unknown, isOnce: boolean): void {
    if (typeof call !== "function") throw new Error(`in on: Expected a function, received ${typeof call}`);
    this.lists.set(event, [...this.listOf(event), { call: call as Listener, isOnce }]);
  }

  remove(event: string, call: unknown): void {
    this.lists.set(
      event,
      this.listOf(event).filter((listener) => listener.call !== call),
    );
  }

  emit(event: string, ...values: readonly unknown[]): void {
    const listeners = this.listOf(event);
    this.lists.set(
      event,
      listeners.filter(({ isOnce }) => !isOnce),
    );
    for (const { call } of listeners) {
      try {
        const result = call(...values);
        if (result instanceof Promise) result.catch(this.onError);
      } catch (thrown) {
        this.onError(thrown);
      }
    }
  }

  private listOf(event: string) {
    const list = this.lists.get(event);
    if (list === undefined) throw new Error(`in on: Invalid event name: ${event}`);
    return list;
  }
}
