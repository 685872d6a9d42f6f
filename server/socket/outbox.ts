import type { WebSocket } from "ws";
import { drainTimeoutMs, maxBufferedBytes } from "../../shared/protocol/limits.ts";

/** What goes to one client. Text and masks always queue; of previews, a slow reader gets only the newest of each job. */
export class Outbox {
  private readonly socket: WebSocket;
  private readonly timeoutMs: number;
  private readonly waiting = new Map<string, Uint8Array>();
  private stuck: NodeJS.Timeout | undefined;
  private isClosed = false;
  /** previews that were replaced by newer ones before they could be sent */
  dropped = 0;

  constructor(socket: WebSocket, timeoutMs = drainTimeoutMs) {
    this.socket = socket;
    this.timeoutMs = timeoutMs;
  }

  text(text: string): void {
    this.send(text);
  }

  frame(frame: Uint8Array): void {
    this.send(frame);
  }

  preview(jobId: string, frame: Uint8Array): void {
    if (this.socket.bufferedAmount < maxBufferedBytes) {
      this.send(frame);
      return;
    }
    if (this.waiting.delete(jobId)) this.dropped++;
    this.waiting.set(jobId, frame);
  }

  /** A job that has ended needs no preview. */
  forget(jobId: string): void {
    if (this.waiting.delete(jobId)) this.dropped++;
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.stuck);
    this.waiting.clear();
  }

  private send(data: string | Uint8Array): void {
    if (this.isClosed || this.socket.readyState !== this.socket.OPEN) return;
    this.stuck ??= this.watch();
    this.socket.send(data, () => this.drained());
  }

  /** Something has left: the reader lives. */
  private drained(): void {
    if (this.isClosed) return;
    clearTimeout(this.stuck);
    this.stuck = undefined;
    for (const [jobId, frame] of this.waiting) {
      if (this.socket.bufferedAmount >= maxBufferedBytes) break;
      this.waiting.delete(jobId);
      this.send(frame);
    }
    if (this.socket.bufferedAmount > 0) this.stuck ??= this.watch();
  }

  private watch(): NodeJS.Timeout {
    return setTimeout(() => this.socket.terminate(), this.timeoutMs);
  }
}
