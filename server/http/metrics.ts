import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { isEnd } from "../../shared/protocol/jobs.ts";
import type { JobListener } from "../jobs/jobs.ts";

/** What the server counts about itself. */
export interface Metrics extends JobListener {
  readonly contentType: string;
  render(): Promise<string>;
}

export interface Measured {
  connections(): number;
  queuedJobs(): number;
  engineReplacements(): number;
  droppedPreviews(): number;
}

export function createMetrics(measured: Measured): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "backdrop_" });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `backdrop_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge("connections", "open sockets", measured.connections);
  gauge("queued_jobs", "jobs that wait", measured.queuedJobs);
  gauge("engine_replacements", "engine processes started after the first", measured.engineReplacements);
  gauge("previews_dropped", "previews that slow readers did not get", measured.droppedPreviews);
  const ends = new Counter({
    name: "backdrop_jobs_total",
    help: "jobs that ended",
    labelNames: ["end", "code"],
    registers: [registry],
  });
  const previews = new Counter({ name: "backdrop_previews_total", help: "previews made", registers: [registry] });
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    onEvent(_, { event }) {
      if (isEnd(event)) ends.inc({ end: event.type, code: event.type === "failed" ? event.code : "" });
    },
    onPreview: () => previews.inc(),
  };
}
