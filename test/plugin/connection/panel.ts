import { randomBytes, randomUUID } from "node:crypto";
import { WebSocket } from "ws";
import { connect } from "../../../plugin/ui/connection/connect.ts";
import type { Connection, ConnectionState, Memory, Preview } from "../../../plugin/ui/connection/connection.ts";
import type { Environment } from "../../../plugin/ui/connection/environment.ts";
import type { JobEvent } from "../../../shared/protocol/jobs.ts";
import { defaultPort } from "../../../shared/protocol/limits.ts";
import type { TestServer } from "../../server/testServer.ts";

/** The times of the connection pass this much faster, so that no test waits for a backoff. */
const pace = 8;
/** nothing listens here */
const closedPort = 1;

export interface PanelOptions {
  /** the port that the panel tries → the one that is really there; no other port is ever reached */
  readonly ports: Readonly<Record<number, number>>;
  readonly memory?: Partial<Omit<Memory, "save">>;
  readonly environment?: Partial<Environment>;
  /** what the panel sends, as it leaves */
  readonly onSend?: (data: string | Uint8Array, socket: WebSocket) => void;
  /** a message has come, and the panel is about to hear it */
  readonly onReceive?: (socket: WebSocket) => void;
}

const opened: Panel[] = [];

/** A panel that is paired with a server, which answers on the default port. */
export function openPanel(server: TestServer, options: Partial<PanelOptions> = {}): Panel {
  const pairing = { serverId: server.identity.serverId, secret: server.secret };
  return track(
    new Panel({ ports: { [defaultPort]: server.port }, ...options, memory: { pairing, ...options.memory } }),
  );
}

/** A panel that was never paired. */
export function openNewPanel(options: PanelOptions): Panel {
  return track(new Panel(options));
}

/** After each test. */
export function closePanels(): void {
  for (const panel of opened.splice(0)) panel.connection.close();
}

function track(panel: Panel): Panel {
  opened.push(panel);
  return panel;
}

/** The panel's real connection in Node, and all that it told its listener. */
export class Panel {
  readonly states: ConnectionState[] = [];
  readonly previews: Preview[] = [];
  readonly refused: { readonly jobId: string; readonly code: string; readonly pointer: string | undefined }[] = [];
  readonly sockets: WebSocket[] = [];
  readonly saved: Partial<Record<"pairing" | "port", unknown>> = {};
  readonly connection: Connection;
  private readonly events = new Map<string, JobEvent[]>();
  private readonly waiting = new Set<() => void>();

  constructor(options: PanelOptions) {
    const memory: Memory = {
      clientId: randomUUID(),
      port: undefined,
      pairing: undefined,
      ...options.memory,
      save: (key, value) => {
        this.saved[key] = value;
      },
    };
    this.connection = connect(memory, {
      WebSocket: browserLike((url) => this.open(url, options)),
      fetch: (url, init) => fetch(toRealPort(url, options.ports), init),
      ...pacedTime(),
      randomBytes: (length) => randomBytes(length),
      loopbackPermission: async () => "unknown",
      ...options.environment,
    });
    this.connection.listen({
      onState: (state) => this.note(this.states, state),
      onJobEvent: (jobId, event) => {
        this.events.set(jobId, [...this.eventsOf(jobId), event]);
        this.wake();
      },
      onPreview: (preview) => this.note(this.previews, preview),
      onRefused: (jobId, { code, pointer }) => this.note(this.refused, { jobId, code, pointer }),
    });
  }

  eventsOf(jobId: string): readonly JobEvent[] {
    return this.events.get(jobId) ?? [];
  }

  /** The state, once it is one of this type. */
  async state<Type extends ConnectionState["type"]>(type: Type) {
    const isType = (state: ConnectionState): state is Extract<ConnectionState, { readonly type: Type }> =>
      state.type === type;
    await this.until(() => isType(this.connection.state));
    const { state } = this.connection;
    if (!isType(state)) throw new Error(`no longer ${type}`);
    return state;
  }

  async lost(cause: string): Promise<void> {
    await this.until(() => {
      const { state } = this.connection;
      return state.type === "lost" && state.cause === cause;
    });
  }

  /** The event that ends a job. */
  async end(jobId: string): Promise<JobEvent> {
    const end = () => this.eventsOf(jobId).find(({ type }) => ["done", "failed", "cancelled"].includes(type));
    await this.until(() => end() !== undefined);
    const found = end();
    if (found === undefined) throw new Error("unreachable");
    return found;
  }

  /** Cuts the connection without a word to either side. */
  cut(): void {
    this.sockets.at(-1)?.terminate();
  }

  /** Waits for something that changes with what the listener hears. */
  async until(isTrue: () => boolean, timeoutMs = 20_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!isTrue()) {
      if (Date.now() > deadline) throw new Error(`it did not come; states: ${JSON.stringify(this.states.slice(-4))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 50);
        this.waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  private open(url: string, { ports, onSend, onReceive }: PanelOptions): WebSocket {
    const socket = new WebSocket(toRealPort(url, ports), { perMessageDeflate: false });
    this.sockets.push(socket);
    socket.on("message", () => onReceive?.(socket));
    if (onSend !== undefined) {
      const send = socket.send.bind(socket);
      socket.send = (data: string | Uint8Array) => {
        onSend(data, socket);
        send(data);
      };
    }
    return socket;
  }

  private note<T>(list: T[], item: T): void {
    list.push(item);
    this.wake();
  }

  private wake(): void {
    for (const resume of this.waiting) resume();
    this.waiting.clear();
  }
}

/** A clock that a test moves by hand. */
export class ManualClock {
  private timeMs = 0;
  private readonly timers = new Map<object, { readonly atMs: number; readonly call: () => void }>();

  readonly now = () => this.timeMs;

  readonly after = (delayMs: number, call: () => void) => {
    const key = {};
    this.timers.set(key, { atMs: this.timeMs + delayMs, call });
    return () => void this.timers.delete(key);
  };

  advance(byMs: number): void {
    this.timeMs += byMs;
    for (const [key, { atMs, call }] of this.timers) {
      if (atMs <= this.timeMs && this.timers.delete(key)) call();
    }
  }
}

function pacedTime(): Pick<Environment, "now" | "after"> {
  return {
    now: () => Date.now() * pace,
    after(delayMs, call) {
      const timer = setTimeout(call, delayMs / pace);
      return () => clearTimeout(timer);
    },
  };
}

/** ws speaks the browser's interface, but its types say more. */
function browserLike(open: (url: string) => WebSocket): Environment["WebSocket"] {
  return function browserSocket(url: string) {
    return open(url);
  } as unknown as Environment["WebSocket"];
}

function toRealPort(url: string, ports: PanelOptions["ports"]): string {
  const parsed = new URL(url);
  parsed.port = String(ports[Number(parsed.port)] ?? closedPort);
  return parsed.href;
}
