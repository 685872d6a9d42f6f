import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "../components/Icon.tsx";
import { usePanel } from "../components/panelContext.ts";
import { useLoaded } from "../components/useLoaded.ts";
import type { ProductProof } from "../effects/results.ts";

interface ProofBadgeProps {
  readonly jobId: string;
  readonly variant: number;
  /** as the job's end tells it */
  readonly changedPixels: number;
  /** what is product was refined by hand: the rest of the layer was painted over */
  readonly isRefined: boolean;
}

/** That the product is untouched, with the evidence; a loud warning where it is not. */
export function ProofBadge({ jobId, variant, changedPixels, isRefined }: ProofBadgeProps): JSX.Element {
  const [isOpen, setIsOpen] = useState(changedPixels > 0);
  const isIntact = changedPixels === 0;
  const intactText = isRefined ? "Product unchanged, within its refined mask" : "Product unchanged";
  return (
    <details
      class={isIntact ? "proof" : "proof broken"}
      open={isOpen}
      onToggle={(event) => setIsOpen(event.currentTarget.open)}
    >
      <summary>
        <Icon name={isIntact ? "shield" : "warning"} />
        <span role={isIntact ? undefined : "alert"}>
          {isIntact ? intactText : `Product changed: ${changedPixels.toLocaleString("en")} pixels`}
        </span>
        <Icon name="chevron" />
      </summary>
      <div class="proof-body">
        <p>
          {isIntact
            ? "Every opaque pixel of the product is identical to the original. The server compared them in the finished picture and took a fingerprint before and after."
            : "The product in this picture differs from the original. Do not use it: generate again, and report it if this happens again."}
        </p>
        {isOpen && <Evidence jobId={jobId} variant={variant} />}
      </div>
    </details>
  );
}

/** Loaded when it is looked at. */
function Evidence({ jobId, variant }: Pick<ProofBadgeProps, "jobId" | "variant">): JSX.Element {
  const { panel } = usePanel();
  const proof = useLoaded(() => panel.results.proof(jobId, variant), [jobId, variant]);
  switch (proof.type) {
    case "loading":
      return <p class="secondary-text">Reading the recipe…</p>;
    case "failed":
      return <p class="secondary-text">The recipe of this picture cannot be read any more.</p>;
    case "ready":
      return <EvidenceList proof={proof.value} />;
  }
}

function EvidenceList({ proof }: { readonly proof: ProductProof }): JSX.Element {
  const { opaquePixels, changedPixels, sha256Before, sha256After } = proof;
  return (
    <dl class="evidence">
      <dt>Pixels compared</dt>
      <dd>{opaquePixels.toLocaleString("en")}</dd>
      <dt>Pixels changed</dt>
      <dd>{changedPixels.toLocaleString("en")}</dd>
      <dt>SHA-256 before</dt>
      <dd>
        <code title={sha256Before}>{shortHash(sha256Before)}</code>
      </dd>
      <dt>SHA-256 after</dt>
      <dd>
        <code title={sha256After}>{shortHash(sha256After)}</code>{" "}
        {sha256Before === sha256After ? "the same" : "different"}
      </dd>
    </dl>
  );
}

function shortHash(sha256: string): string {
  return `${sha256.slice(0, 8)}…${sha256.slice(-8)}`;
}
