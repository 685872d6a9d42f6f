/** The version in package.json, written into recipes; a test keeps the two equal. */
export const version = "0.1.0";
