import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { clientMessageSchema } from "../../../shared/protocol/clientMessages.ts";
import { offeredVersions, parseClientMessage, subjectOf } from "../../../shared/protocol/parse.ts";
import { settingsSchema } from "../../../shared/settings.ts";

const jobId = "0192d3a4-5b6c-7d7e-8f90-a1b2c3d4e5f6";
const sha256 = "ab".repeat(32);
const params = { settings: {}, inputs: { product: sha256, reference: sha256 } };

function submit(change: object): string {
  return JSON.stringify({ type: "submit", jobId, params: { ...params, ...change } });
}

test("defaults of a job come from the one settings schema", () => {
  expect(parseClientMessage(submit({}))).toEqual({
    type: "submit",
    jobId,
    params: { ...params, settings: settingsSchema.parse({}), previews: true },
  });
});

describe("settings out of range are refused with a pointer", () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ["−1", '{"steps":-1}', "invalid_params", "/params/settings/steps"],
    ["1e9 steps", '{"steps":1e9}', "invalid_params", "/params/settings/steps"],
    ["2^53", '{"seed":9007199254740992}', "invalid_params", "/params/settings/seed"],
    ["infinity", '{"guidance":1e999}', "invalid_params", "/params/settings/guidance"],
    ["NaN as null", '{"guidance":null}', "invalid_params", "/params/settings/guidance"],
    ["a number as text", '{"strength":"1"}', "invalid_params", "/params/settings/strength"],
    ["0×0", '{"width":0,"height":0}', "invalid_params", "/params/settings/width"],
    ["100k px", '{"width":100000,"height":64}', "invalid_params", "/params/settings/width"],
    ["one side", '{"width":64}', "invalid_params", "/params/settings"],
    ["an unknown setting", '{"a/b~c":1}', "invalid_params", "/params/settings/a~1b~0c"],
    ["__proto__", '{"__proto__":{"steps":1}}', "invalid_params", "/params/settings/__proto__"],
    ["half a surrogate pair", '{"prompt":"a\\ud800"}', "prompt_invalid", "/params/settings/prompt"],
    ["NUL", '{"negative":"a\\u0000"}', "prompt_invalid", "/params/settings/negative"],
    ["2001 characters", `{"prompt":"${"a".repeat(2001)}"}`, "prompt_invalid", "/params/settings/prompt"],
  ];
  it.each(cases)("%s", (_, settings, code, pointer) => {
    const text = `{"type":"submit","jobId":"${jobId}","params":{"settings":${settings},"inputs":{"product":"${sha256}","reference":"${sha256}"}}}`;
    expect(() => parseClientMessage(text)).toThrow(expect.objectContaining({ code, pointer }));
    expect(subjectOf(text)).toEqual({ jobId });
  });
  it("a model that is a path", () => {
    expect(() => parseClientMessage(submit({ model: "../mini" }))).toThrow(
      expect.objectContaining({ code: "invalid_params", pointer: "/params/model" }),
    );
  });
});

test.each([
  ["no JSON", "hello"],
  ["NaN", '{"type":"jobs","limit":NaN}'],
  ["no object", "[]"],
  ["null", "null"],
  ["no type", "{}"],
  ["an unknown type", '{"type":"drop"}'],
  ["an unknown key", '{"type":"ping","x":1}'],
  ["__proto__", '{"type":"ping","__proto__":{}}'],
  ["no params", `{"type":"submit","jobId":"${jobId}"}`],
  ["a job id of version 4", '{"type":"cancel","jobId":"0192d3a4-5b6c-4d7e-8f90-a1b2c3d4e5f6"}'],
  ["an upload of less than nothing", `{"type":"upload","uploadId":"${jobId}","sha256":"${sha256}","sizeBytes":-1}`],
  ["a nonce of 31 bytes", `{"type":"hello","versions":[1],"clientId":"${jobId}","clientNonce":"${"A".repeat(42)}"}`],
])("bad_message: %s", (_, text) => {
  expect(() => parseClientMessage(text)).toThrow(expect.objectContaining({ code: "bad_message" }));
});

test("any text is a message or a refusal, never another failure", () => {
  const type = fc.constantFrom(...clientMessageSchema.options.map(({ shape }) => shape.type.value));
  const messages = fc.record({ type, jobId: fc.anything(), params: fc.anything(), code: fc.anything() });
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), messages.map(toJson)), (text) => {
      try {
        parseClientMessage(text);
      } catch (error) {
        expect(error).toMatchObject({ name: "BackdropError" });
      }
      subjectOf(text);
      offeredVersions(text);
    }),
  );
});

test("versions are read even from a hello that a later version made", () => {
  expect(offeredVersions('{"type":"hello","versions":[2,3],"novelty":true}')).toEqual([2, 3]);
  expect(offeredVersions('{"type":"ping"}')).toBeUndefined();
});

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}
