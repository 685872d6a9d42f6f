import { protocolVersion } from "../../../shared/protocol/limits.ts";
import type { ServerMessageOf } from "../../../shared/protocol/serverMessages.ts";
import type { Memory } from "./connection.ts";
import type { Environment } from "./environment.ts";
import { LinkFailure } from "./linkFailure.ts";
import { prove, toBase64Url } from "./proof.ts";
import type { Wire } from "./wire.ts";

export type Pairing = NonNullable<Memory["pairing"]>;
export type Welcome = ServerMessageOf<"welcome">;
export type Limits = ServerMessageOf<"challenge">["limits"];

export interface ResumePoint {
  readonly jobId: string;
  readonly lastSeq: number;
}

export interface HandshakeOptions {
  readonly clientId: string;
  readonly pairing: Pairing;
  readonly environment: Environment;
  /** asked when the server has proven itself, not before */
  readonly resumePoints: () => readonly ResumePoint[];
}

/** As many as one `prove` takes. */
const maxResumed = 16;

/** Both proofs. Until the server's is checked, it learns nothing but our client id. */
export async function shakeHands(
  wire: Wire,
  { clientId, pairing, environment, resumePoints }: HandshakeOptions,
): Promise<{ readonly serverId: string; readonly welcome: Welcome; readonly limits: Limits }> {
  const clientNonce = toBase64Url(environment.randomBytes(32));
  wire.send({ type: "hello", versions: [protocolVersion], clientId, clientNonce });
  const { version, serverId, serverNonce, serverProof, limits } = await wire.expect("challenge");
  if (version !== protocolVersion) throw new LinkFailure("version_mismatch");
  const nonces = { serverId, clientNonce, serverNonce };
  const isOurs = serverId === pairing.serverId && serverProof === prove("server", pairing.secret, nonces);
  if (!isOurs) throw new LinkFailure("wrong_server");

  const points = resumePoints();
  const clientProof = prove("client", pairing.secret, nonces);
  wire.send({ type: "prove", clientProof, resume: points.slice(0, maxResumed) });
  const welcome = await wire.expect("welcome");
  for (const point of points.slice(maxResumed)) wire.send({ type: "resume", ...point });
  return { serverId, welcome, limits };
}
