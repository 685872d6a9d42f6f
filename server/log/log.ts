import { type Logger, pino } from "pino";

/** Structured log. By rule it gets ids, codes and counts: no prompts, no settings, no secrets, no pictures. */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;

export interface LogSink {
  write(line: string): void;
}

export type LogLevel = "error" | "warn" | "info" | "debug";

/** One JSON object a line. */
export function createLog(sink: LogSink, level: LogLevel): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, sink);
}
