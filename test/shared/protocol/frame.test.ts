import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeFrame, encodeFrame, type Frame } from "../../../shared/protocol/frame.ts";

const u16 = fc.integer({ min: 0, max: 0xffff });
const frames: fc.Arbitrary<Frame> = fc.record({
  kind: fc.constantFrom("preview", "chunk"),
  seq: fc.integer({ min: 0, max: 0xffff_ffff }),
  step: u16,
  steps: u16,
  variant: u16,
  id: fc.uuid(),
  payload: fc.uint8Array({ minLength: 1, maxLength: 300 }),
});

test("the header is byte for byte as documented", () => {
  const frame = encodeFrame({
    kind: "preview",
    seq: 0x01020304,
    step: 5,
    steps: 30,
    variant: 2,
    id: "0192d3a4-5b6c-7d7e-8f90-a1b2c3d4e5f6",
    payload: Uint8Array.of(0xff, 0xd8),
  });
  expect(Buffer.from(frame).toString("hex")).toBe(
    "01010000" + "01020304" + "0005001e" + "00020000" + "0192d3a45b6c7d7e8f90a1b2c3d4e5f6" + "ffd8",
  );
});

test("what is encoded is decoded again, wherever the bytes lie", () => {
  fc.assert(
    fc.property(frames, fc.integer({ min: 0, max: 9 }), (frame, offset) => {
      const encoded = encodeFrame(frame);
      const inside = new Uint8Array(offset + encoded.length + 3);
      inside.set(encoded, offset);
      expect(decodeFrame(inside.subarray(offset, offset + encoded.length))).toEqual(frame);
    }),
  );
});

test("any bytes at all give a frame that encodes to the same bytes, or bad_message", () => {
  const nearlyValid = fc
    .tuple(frames, fc.integer({ min: 0, max: 31 }), fc.integer({ min: 0, max: 255 }), fc.nat(40))
    .map(([frame, at, value, cut]) => {
      const bytes = encodeFrame(frame);
      bytes[at] = value;
      return bytes.subarray(0, bytes.length - cut);
    });
  fc.assert(
    fc.property(fc.oneof(nearlyValid, fc.uint8Array({ maxLength: 64 })), (bytes) => {
      let frame: Frame;
      try {
        frame = decodeFrame(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: "bad_message" });
        return;
      }
      expect(Buffer.from(encodeFrame(frame)).equals(bytes)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["too short", (bytes: Uint8Array) => bytes.subarray(0, 32), "32 bytes"],
  ["another version", withByte(0, 2), "version 1, got 2"],
  ["an unknown kind", withByte(1, 9), "got 9"],
  ["flags", withByte(3, 1), "flags"],
  ["reserved bytes", withByte(15, 1), "reserved"],
])("refuses %s", (_, damage, says) => {
  const frame = encodeFrame({
    kind: "chunk",
    seq: 0,
    step: 0,
    steps: 0,
    variant: 0,
    id: "0192d3a4-5b6c-7d7e-8f90-a1b2c3d4e5f6",
    payload: Uint8Array.of(1),
  });
  expect(() => decodeFrame(damage(frame))).toThrow(says);
});

function withByte(at: number, value: number) {
  return (bytes: Uint8Array) => {
    bytes[at] = value;
    return bytes;
  };
}
