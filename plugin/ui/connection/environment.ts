/** What the connection needs of the browser. Tests give their own. */
export interface Environment {
  readonly WebSocket: new (url: string) => WebSocket;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** ms since 1970 */
  now(): number;
  /** Calls once, later; returns what calls it off. */
  after(delayMs: number, call: () => void): () => void;
  randomBytes(length: number): Uint8Array;
  /** whether this page may reach this computer's own ports; `unknown` where the browser has no such rule */
  loopbackPermission(): Promise<PermissionState | "unknown">;
}

export function browserEnvironment(): Environment {
  return {
    WebSocket,
    fetch: (url, init) => fetch(url, init),
    now: () => Date.now(),
    after(delayMs, call) {
      const timer = setTimeout(call, delayMs);
      return () => clearTimeout(timer);
    },
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    loopbackPermission,
  };
}

/** Chrome's permission "Apps on device". The typings do not know its name; a browser that does not either throws. */
async function loopbackPermission(): Promise<PermissionState | "unknown"> {
  try {
    return (await navigator.permissions.query({ name: "loopback-network" as PermissionName })).state;
  } catch {
    return "unknown";
  }
}
