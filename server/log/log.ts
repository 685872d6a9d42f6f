import { type Logger, pino } from "pino";

/** Structured log. By rule it gets ids, codes and counts: no prompts, no settings, no secrets, no pictures. */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;

export interface LogSink {
  write(line: string): void;
}

/** One JSON object a line. */
export function createLog(sink: LogSink): Log {
  return pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, sink);
}
