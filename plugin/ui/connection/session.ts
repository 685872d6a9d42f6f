import type { BackdropError } from "../../../shared/errors.ts";
import type { InventoryInfo } from "../../../shared/protocol/inventory.ts";
import type { ServerMessage, ServerMessageOf } from "../../../shared/protocol/serverMessages.ts";
import type { LostCause } from "./connection.ts";
import type { Environment } from "./environment.ts";
import type { Link } from "./findServer.ts";
import { Jobs, type JobsListener } from "./jobs.ts";
import { Questions } from "./questions.ts";
import { Requests } from "./requests.ts";
import { Uploads } from "./uploads.ts";

export interface SessionListener extends JobsListener {
  onInventory(inventory: InventoryInfo): void;
}

/** Everything that the panel wants of its server. It outlives links: what one left undone, the next goes on with. */
export class Session {
  readonly jobs: Jobs;
  readonly uploads: Uploads;
  readonly requests = new Requests();
  readonly questions = new Questions();
  private readonly listener: SessionListener;
  private readonly environment: Environment;
  private callOffHeartbeat = () => {};

  constructor(listener: SessionListener, environment: Environment) {
    this.listener = listener;
    this.environment = environment;
    this.jobs = new Jobs(listener);
    this.uploads = new Uploads(environment);
  }

  /** `onLost` is called at most once, and not after `detach`. */
  attach(link: Link, onLost: (cause: LostCause) => void): void {
    const { wire } = link;
    this.jobs.attach((message) => wire.send(message));
    this.requests.attach((message) => wire.send(message));
    this.questions.attach((message) => wire.send(message));
    this.uploads.attach(link);
    this.keepAlive(link, onLost);
    wire.deliverTo({
      onMessage: (message) => this.receive(message, link),
      onFrame: (frame) => {
        if (frame.kind === "mask") this.questions.receiveMask(frame);
        else this.jobs.receivePreview(frame);
      },
      onLost,
    });
  }

  detach(): void {
    this.callOffHeartbeat();
    this.jobs.detach();
    this.uploads.detach();
    this.requests.detach();
    this.questions.detach();
  }

  close(error: BackdropError): void {
    this.detach();
    this.uploads.close(error);
    this.requests.close(error);
    this.questions.close(error);
  }

  private receive(message: ServerMessage, { wire }: Link): void {
    switch (message.type) {
      case "ping":
        wire.send({ type: "pong" });
        break;
      case "event":
        this.jobs.receiveEvent(message);
        break;
      case "upload_ready":
      case "upload_ack":
      case "upload_done":
        this.uploads.receive(message);
        break;
      case "jobs":
        this.requests.receivePage(message);
        break;
      case "removed":
        this.requests.receiveRemoved(message);
        break;
      case "described":
        this.questions.receiveText(message);
        break;
      case "inventory": {
        const { type: _, ...inventory } = message;
        this.listener.onInventory(inventory);
        break;
      }
      case "error":
        this.receiveError(message);
        break;
      // A job's events say the same as these three, and more.
      case "accepted":
      case "resumed":
      case "cancel_ack":
      case "pong":
      // Of questions that we do not ask, and of the handshake, which is over.
      case "have":
      case "challenge":
      case "pair_ready":
      case "paired":
      case "welcome":
        break;
    }
  }

  private receiveError(error: ServerMessageOf<"error">): void {
    // Only what the server has offered is installed, with its licences accepted; a server that is stopping says so by itself.
    if (error.package !== undefined) return;
    if (error.requestId !== undefined) this.questions.receiveError(error.requestId, error);
    else if (error.uploadId !== undefined) this.uploads.receiveError(error.uploadId, error);
    else if (this.requests.receiveError(error)) return;
    else if (error.jobId !== undefined) this.jobs.receiveError(error.jobId, error);
  }

  /** A page sees no ping frames, and a server that is gone may leave its socket open. */
  private keepAlive({ wire, limits }: Link, onLost: (cause: LostCause) => void): void {
    const beat = () => {
      if (this.environment.now() - wire.lastHeardMs > 2 * limits.heartbeatMs) {
        wire.close();
        onLost("dropped");
        return;
      }
      wire.send({ type: "ping" });
      this.callOffHeartbeat = this.environment.after(limits.heartbeatMs, beat);
    };
    this.callOffHeartbeat = this.environment.after(limits.heartbeatMs, beat);
  }
}
