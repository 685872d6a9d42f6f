import { BackdropError, toBackdropError } from "../../shared/errors.ts";
import type { ClientMessage, ClientMessageOf } from "../../shared/protocol/clientMessages.ts";
import type { Frame } from "../../shared/protocol/frame.ts";
import { isEnd } from "../../shared/protocol/jobs.ts";
import type { Subject } from "../../shared/protocol/parse.ts";
import type { ServerMessage } from "../../shared/protocol/serverMessages.ts";
import type { HelperDesk } from "../jobs/helperDesk.ts";
import type { Inventory } from "../jobs/inventory.ts";
import type { SequencedEvent } from "../jobs/jobRecord.ts";
import type { JobListener, Jobs } from "../jobs/jobs.ts";
import type { UploadStore } from "../uploads/uploadStore.ts";
import { HelperRequests } from "./helperRequests.ts";
import { IncomingUploads } from "./incomingUploads.ts";
import type { Outbox } from "./outbox.ts";

export interface SessionOptions {
  readonly jobs: Jobs;
  readonly desk: HelperDesk;
  readonly inventory: Inventory;
  readonly uploads: UploadStore;
  readonly outbox: Outbox;
  readonly send: (message: ServerMessage) => void;
  readonly refuse: (thrown: unknown, subject: Subject) => void;
  /** makes every client pair again */
  readonly unpair: () => Promise<void>;
}

/** What a proven client may do. Handlers start in the order of the messages; a cancel waits for none of them. */
export class Session implements JobListener {
  private readonly options: SessionOptions;
  private readonly uploads: IncomingUploads;
  private readonly questions: HelperRequests;
  /** jobs whose events this client gets */
  private readonly followed = new Set<string>();
  private readonly onInventory = () => {
    const { inventory, send } = this.options;
    send({ type: "inventory", ...inventory.info });
  };

  constructor(options: SessionOptions) {
    this.options = options;
    this.uploads = new IncomingUploads(options.uploads, options.send);
    const { desk, send, outbox } = options;
    this.questions = new HelperRequests({ desk, send, sendFrame: (frame) => outbox.frame(frame) });
    options.jobs.listeners.add(this);
    options.inventory.listeners.add(this.onInventory);
  }

  async receive(message: ClientMessage): Promise<void> {
    const { jobs, inventory, send } = this.options;
    switch (message.type) {
      case "ping":
        send({ type: "pong" });
        return;
      case "pong":
        return;
      case "have":
        return await this.have(message);
      case "upload":
        return await this.uploads.begin(message);
      case "submit":
        return await this.submit(message);
      case "cancel":
        send({ type: "cancel_ack", jobId: message.jobId, state: jobs.cancel(message.jobId) });
        return;
      case "resume":
        this.resume(message);
        return;
      case "jobs":
        send({ type: "jobs", ...jobs.list(message.limit, message.before) });
        return;
      case "remove":
        await jobs.remove(message.jobId);
        send({ type: "removed", jobId: message.jobId });
        return;
      case "segment":
      case "describe":
        return await this.questions.ask(message);
      case "withdraw":
        this.questions.withdraw(message.requestId);
        return;
      case "install":
        inventory.install(message.package, message.licencesAccepted);
        return;
      case "stop_installing":
        inventory.stopInstalling(message.package);
        return;
      case "unpair":
        return await this.options.unpair();
      case "hello":
      case "prove":
      case "pair":
      case "pair_begin":
        throw new BackdropError("bad_message", `${message.type}: the handshake is over`);
    }
  }

  async receiveFrame(frame: Frame): Promise<void> {
    await this.uploads.write(frame);
  }

  /** Of the points that `prove` brought; one unknown job does not keep the others. */
  resumeAll(points: ClientMessageOf<"prove">["resume"] = []): void {
    for (const point of points) {
      try {
        this.resume(point);
      } catch (thrown) {
        this.options.refuse(toBackdropError(thrown), { jobId: point.jobId });
      }
    }
  }

  onEvent(jobId: string, { seq, event }: SequencedEvent): void {
    if (!this.followed.has(jobId)) return;
    if (isEnd(event)) this.options.outbox.forget(jobId);
    this.options.send({ type: "event", jobId, seq, event });
  }

  onPreview(jobId: string, frame: Uint8Array): void {
    if (this.followed.has(jobId)) this.options.outbox.preview(jobId, frame);
  }

  close(): void {
    this.options.jobs.listeners.delete(this);
    this.options.inventory.listeners.delete(this.onInventory);
    this.uploads.close();
    this.questions.close();
  }

  private async have({ sha256s }: ClientMessageOf<"have">): Promise<void> {
    const found = await Promise.all(sha256s.map((sha256) => this.options.uploads.has(sha256)));
    this.options.send({ type: "have", present: sha256s.filter((_, i) => found[i] === true) });
  }

  private async submit({ jobId, params }: ClientMessageOf<"submit">): Promise<void> {
    const { jobs, send } = this.options;
    const state = await jobs.submit(jobId, params);
    send({ type: "accepted", jobId, state });
    if (!this.followed.has(jobId)) this.follow(jobId, 0);
  }

  private resume({ jobId, lastSeq }: { readonly jobId: string; readonly lastSeq: number }): void {
    const now = this.follow(jobId, lastSeq);
    this.options.send({ type: "resumed", jobId, state: now.state, lastSeq: now.lastSeq });
    if (now.preview) this.options.outbox.preview(jobId, now.preview);
  }

  /** Sends what was missed; from here on nothing is. */
  private follow(jobId: string, seq: number) {
    const missed = this.options.jobs.since(jobId, seq);
    this.followed.add(jobId);
    for (const event of missed.events) this.onEvent(jobId, event);
    return missed;
  }
}
