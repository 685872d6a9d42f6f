/** What `write` does to the document, and nothing else, is undone by one ⌘Z. */
export function asOneUndoStep<Result>(write: () => Result): Result {
  figma.commitUndo();
  try {
    return write();
  } finally {
    figma.commitUndo();
  }
}
