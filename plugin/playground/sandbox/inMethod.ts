/** What is thrown inside names the plugin's call, as Figma's errors do. */
export function inMethod<Value>(method: string, run: () => Value): Value {
  try {
    return run();
  } catch (thrown) {
    throw new Error(`in ${method}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, { cause: thrown });
  }
}
