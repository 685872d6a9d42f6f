import { BackdropError } from "../../shared/errors.ts";

/** What the guard looks at; headers as they came. */
export interface Incoming {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
}

/** `public` needs no session token. The socket is public here, because it asks for a proof of its own. */
export type Access = "public" | "session";

export interface Guard {
  /** Throws `forbidden` or `unauthorized`. */
  check(incoming: Incoming, access: Access): void;
}

/**
 * The one gate for every HTTP route and every upgrade. Host must be exact, so that no other name can be made to point
 * here (DNS rebinding); a web page's Origin is refused early. Neither authenticates anybody.
 */
export function createGuard(port: () => number, isSessionToken: (token: string) => boolean): Guard {
  return {
    check({ host, origin, authorization }, access) {
      const hosts = ["localhost", "127.0.0.1", "[::1]"].map((name) => `${name}:${port()}`);
      if (host === undefined || !hosts.includes(host.toLowerCase())) {
        throw new BackdropError("forbidden", "Host: expected localhost, 127.0.0.1 or [::1] with this server's port");
      }
      // A Figma panel has the origin "null"; another program has none.
      const origins = ["null", ...hosts.map((name) => `http://${name}`)];
      if (origin !== undefined && !origins.includes(origin)) {
        throw new BackdropError("forbidden", "Origin: expected the Backdrop panel or none");
      }
      if (access === "public") return;
      const token = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(authorization ?? "")?.[1];
      if (token === undefined || !isSessionToken(token)) {
        throw new BackdropError(
          "unauthorized",
          "Authorization: expected Bearer with the session token of an open socket",
        );
      }
    },
  };
}
