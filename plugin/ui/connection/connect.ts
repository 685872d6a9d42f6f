import { BackdropError } from "../../../shared/errors.ts";
import { pairingCodeSchema } from "../../../shared/protocol/fields.ts";
import type { Point } from "../../../shared/protocol/helpers.ts";
import type { InventoryInfo } from "../../../shared/protocol/inventory.ts";
import type { JobParams } from "../../../shared/protocol/jobs.ts";
import { backoffMs } from "./backoff.ts";
import type { Connection, ConnectionListener, ConnectionState, LostCause, Memory } from "./connection.ts";
import type { Environment } from "./environment.ts";
import { fetchFile } from "./files.ts";
import { findServer, type Link } from "./findServer.ts";
import type { Pairing } from "./handshake.ts";
import { type FailureReason, LinkFailure } from "./linkFailure.ts";
import type { PairingWindow } from "./pairing.ts";
import { Session, type SessionListener } from "./session.ts";

/** Connects at once, and comes back after every loss until it is closed. */
export function connect(memory: Memory, environment: Environment): Connection {
  const connection = new PanelConnection(memory, environment);
  connection.search();
  return connection;
}

const expired = "The code has expired. Ask for a new one.";
const malformed = "A code has 6 letters and digits, and never 0, 1, I or O. Look at the server's terminal again.";

class PanelConnection implements Connection {
  state: ConnectionState = { type: "connecting" };
  private readonly memory: Memory;
  private readonly environment: Environment;
  private readonly listeners = new Set<ConnectionListener>();
  private readonly session: Session;
  private pairing: Pairing | undefined;
  private port: number | undefined;
  private link: Link | undefined;
  /** of the search or the link that is under way; aborting it closes its sockets */
  private current = new AbortController();
  private enterCode: ((code: string) => void) | undefined;
  private callOffRetry = () => {};
  private failures = 0;
  private lastCause: LostCause | undefined;
  /** sockets have got through, so the browser does not forbid them */
  private wasReady = false;
  private waitingForLink: { resolve(link: Link): void; reject(error: BackdropError): void }[] = [];
  private isClosed = false;

  constructor(memory: Memory, environment: Environment) {
    this.memory = memory;
    this.environment = environment;
    this.pairing = memory.pairing;
    this.port = memory.port;
    const listener: SessionListener = {
      onInventory: (inventory) => this.inventoryChanged(inventory),
      onJobEvent: (jobId, event) => this.tell((each) => each.onJobEvent?.(jobId, event)),
      onPreview: (preview) => this.tell((each) => each.onPreview?.(preview)),
      onRefused: (jobId, refusal) => this.tell((each) => each.onRefused?.(jobId, refusal)),
    };
    this.session = new Session(listener, environment);
  }

  listen(listener: ConnectionListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  pair(code: string): void {
    const { state } = this;
    if (state.type !== "pairing" || state.step === "checking") return;
    const entered = code.replaceAll(/\s/g, "").toUpperCase();
    if (this.enterCode === undefined) this.retry();
    else if (!pairingCodeSchema.safeParse(entered).success) this.setState({ ...state, problem: malformed });
    else {
      this.setState({ ...state, step: "checking", problem: null });
      this.enterCode(entered);
    }
  }

  forget(): void {
    this.remember(undefined);
    this.restart();
  }

  retry(): void {
    const isUnderWay = this.link !== undefined || this.enterCode !== undefined || this.state.type === "connecting";
    if (!isUnderWay) this.restart();
  }

  upload(bytes: Uint8Array, signal?: AbortSignal): Promise<string> {
    return this.session.uploads.upload(bytes, signal);
  }

  segment(picture: string, points: readonly Point[], signal?: AbortSignal): Promise<Uint8Array> {
    return this.session.questions.segment(picture, points, signal);
  }

  describe(picture: string, signal?: AbortSignal): Promise<string> {
    return this.session.questions.describe(picture, signal);
  }

  submit(jobId: string, params: JobParams): void {
    this.session.jobs.submit(jobId, params);
  }

  follow(jobId: string): void {
    this.session.jobs.follow(jobId);
  }

  cancel(jobId: string): void {
    this.session.jobs.cancel(jobId);
  }

  history(limit: number, before?: string) {
    return this.session.requests.history(limit, before);
  }

  remove(jobId: string): Promise<void> {
    return this.session.requests.remove(jobId);
  }

  install(name: string, licencesAccepted: boolean): void {
    this.link?.wire.send({ type: "install", package: name, licencesAccepted });
  }

  stopInstalling(name: string): void {
    this.link?.wire.send({ type: "stop_installing", package: name });
  }

  fetchResult(jobId: string, name: string): Promise<Uint8Array> {
    return this.fetchFile(`/results/${jobId}/${name}`);
  }

  fetchUpload(sha256: string): Promise<Uint8Array> {
    return this.fetchFile(`/uploads/${sha256}`);
  }

  close(): void {
    if (this.isClosed) return;
    this.stop();
    this.isClosed = true;
    const error = new BackdropError("shutting_down", "the panel has closed its connection; open the panel again");
    this.session.close(error);
    for (const { reject } of this.waitingForLink.splice(0)) reject(error);
    this.listeners.clear();
  }

  private fetchFile(path: string): Promise<Uint8Array> {
    return fetchFile(path, { environment: this.environment, link: () => this.whenLinked() });
  }

  /** Looks for the server. What comes of it is the next state. */
  search(): void {
    if (this.isClosed) return;
    this.stop();
    const { signal } = this.current;
    const search = findServer({
      clientId: this.memory.clientId,
      lastPort: this.port,
      pairing: () => this.pairing,
      askCode: (window) => this.askCode(window),
      onPaired: (pairing) => this.remember(pairing),
      resumePoints: () => this.session.jobs.takeResumePoints(),
      isReachable: this.wasReady,
      environment: this.environment,
      signal,
    });
    search.then(
      (link) => {
        if (!signal.aborted) this.linked(link);
      },
      (thrown: unknown) => {
        if (signal.aborted) return;
        this.failed(thrown instanceof LinkFailure ? thrown.reason : "dropped");
        // A fault of ours is retried like a loss, and seen in the console.
        if (!(thrown instanceof LinkFailure)) throw thrown;
      },
    );
  }

  private restart(): void {
    this.failures = 0;
    this.setState({ type: "connecting" });
    this.search();
  }

  private linked(link: Link): void {
    const { serverId, port, welcome } = link;
    this.link = link;
    this.wasReady = true;
    this.failures = 0;
    this.lastCause = undefined;
    if (port !== this.port) this.memory.save("port", port);
    this.port = port;
    for (const { resolve } of this.waitingForLink.splice(0)) resolve(link);
    const { serverVersion, defaultModel, models, helpers, packages } = welcome;
    this.setState({ type: "ready", serverId, serverVersion, defaultModel, models, helpers, packages });
    // Whoever heard of it may have closed it.
    if (this.link === link) this.session.attach(link, (cause) => this.failed(cause));
  }

  /** Whoever asks for the state gets the new one; whoever listens hears that it is the same connection. */
  private inventoryChanged(inventory: InventoryInfo): void {
    if (this.state.type !== "ready") return;
    this.state = { ...this.state, ...inventory };
    this.tell((listener) => listener.onInventory?.(inventory));
  }

  private failed(reason: FailureReason): void {
    this.stop();
    switch (reason) {
      case "pairing_expired":
        this.setState({
          type: "pairing",
          step: "enter_code",
          expiresAtMs: this.environment.now(),
          problem: expired,
        });
        break;
      case "replaced":
        this.setState({ type: "lost", cause: "replaced", retryAtMs: null });
        break;
      case "revoked":
        this.remember(undefined);
        this.lose("revoked");
        break;
      case "silent":
        this.lose("server_not_running");
        break;
      default:
        this.lose(reason);
    }
  }

  /** A new cause is a new situation, and tried again soon. */
  private lose(cause: LostCause): void {
    this.failures = cause === this.lastCause ? this.failures + 1 : 1;
    this.lastCause = cause;
    const chance = (this.environment.randomBytes(1)[0] ?? 0) / 255;
    const delayMs = backoffMs(this.failures, chance);
    this.callOffRetry = this.environment.after(delayMs, () => this.search());
    this.setState({ type: "lost", cause, retryAtMs: this.environment.now() + delayMs });
  }

  /** Ends the search or the link that is under way, and the wait for the next. */
  private stop(): void {
    this.current.abort();
    this.current = new AbortController();
    this.callOffRetry();
    this.enterCode = undefined;
    this.link = undefined;
    this.session.detach();
  }

  private askCode({ expiresAtMs, problem }: PairingWindow): Promise<string> {
    return new Promise((resolve) => {
      this.enterCode = resolve;
      this.setState({ type: "pairing", step: "enter_code", expiresAtMs, problem });
    });
  }

  private remember(pairing: Pairing | undefined): void {
    this.pairing = pairing;
    this.memory.save("pairing", pairing);
  }

  private whenLinked(): Promise<Link> {
    if (this.link !== undefined) return Promise.resolve(this.link);
    return new Promise((resolve, reject) => this.waitingForLink.push({ resolve, reject }));
  }

  private setState(state: ConnectionState): void {
    if (this.isClosed) return;
    this.state = state;
    this.tell((listener) => listener.onState?.(state));
  }

  private tell(call: (listener: ConnectionListener) => void): void {
    for (const listener of [...this.listeners]) call(listener);
  }
}
