import type { JSX } from "preact";
import { DescribeReference } from "../components/DescribeReference.tsx";
import { ProblemNote } from "../components/ProblemNote.tsx";
import { PromptField } from "../components/PromptField.tsx";

export function PromptSection(): JSX.Element {
  return (
    <div class="section">
      <PromptField name="prompt" label="Prompt" placeholder="A sunlit oak table, soft morning light" />
      <ProblemNote place="prompt" />
      <DescribeReference />
      <PromptField name="negative" label="Avoid" placeholder="Text, people, clutter" />
      <ProblemNote place="negative" />
    </div>
  );
}
