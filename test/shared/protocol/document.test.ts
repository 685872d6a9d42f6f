import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { errorCodes, isRetryable } from "../../../shared/errors.ts";
import { clientMessageSchema } from "../../../shared/protocol/clientMessages.ts";
import { closeCodes } from "../../../shared/protocol/closeCodes.ts";
import { jobEventSchema } from "../../../shared/protocol/jobs.ts";
import { announcedLimits } from "../../../shared/protocol/limits.ts";
import { proofText } from "../../../shared/protocol/proof.ts";
import { serverMessageSchema } from "../../../shared/protocol/serverMessages.ts";

// docs/protocol.md is what other clients are written from, so it must not fall behind the code.

const page = await readFile(new URL("../../../docs/protocol.md", import.meta.url), "utf8");

test("the worked example of a proof is right", () => {
  const field = (name: string) => new RegExp(`^${name} +(\\S+)$`, "m").exec(page)?.[1] ?? "";
  const secret = Buffer.from(field("secret"), "base64url");
  expect([...secret]).toEqual(Array.from({ length: 32 }, (_, i) => i));
  const handshake = {
    serverId: field("serverId"),
    clientNonce: field("clientNonce"),
    serverNonce: field("serverNonce"),
  };
  for (const side of ["server", "client"] as const) {
    const proof = createHmac("sha256", secret).update(proofText(side, handshake)).digest("base64url");
    expect(proof, side).toBe(field(`${side}Proof`));
  }
});

test("every message, event, error code, close code and limit is on the page", () => {
  for (const { shape } of [...clientMessageSchema.options, ...serverMessageSchema.options]) {
    const type = shape.type.value;
    expect(page.includes(`"type":"${type}"`) || page.includes(`\`${type}\``), type).toBe(true);
  }
  for (const { shape } of jobEventSchema.options) expect(page).toContain(`| \`${shape.type.value}\` |`);
  for (const code of Object.values(closeCodes)) expect(page).toContain(`| ${code} |`);
  for (const [name, value] of Object.entries(announcedLimits)) expect(page).toContain(`\`${name}\` ${value}`);
  for (const code of errorCodes) {
    const line = page.split("\n").find((row) => row.startsWith("|") && row.includes(`\`${code}\``));
    expect(line, code).toBeDefined();
    expect(/\| yes \|/.test(line ?? ""), code).toBe(isRetryable(code));
  }
});
