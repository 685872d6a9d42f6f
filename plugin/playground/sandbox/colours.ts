/** `figma.util`. */

interface Colour {
  readonly r: number;
  readonly g: number;
  readonly b: number;
  readonly a?: number;
}

/** "#rgb", "#rrggbb" or "#rrggbbaa", or a colour as it is */
export function rgba(colour: string | Colour): Required<Colour> {
  if (typeof colour !== "string") return { a: 1, ...colour };
  const short = /^#?([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(colour);
  const digits = short ? short.slice(1).map((digit) => digit + digit) : (colour.match(/[0-9a-f]{2}/gi) ?? []);
  const [r = 0, g = 0, b = 0, a = 1] = digits.map((pair) => Number.parseInt(pair, 16) / 255);
  return { r, g, b, a };
}

export function rgb(colour: string | Colour): Colour {
  const { r, g, b } = rgba(colour);
  return { r, g, b };
}

export function solidPaint(colour: string | Colour, overrides: object = {}): object {
  const { r, g, b, a } = rgba(colour);
  return { type: "SOLID", color: { r, g, b }, ...(a === 1 ? {} : { opacity: a }), ...overrides };
}
