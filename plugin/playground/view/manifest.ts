/** What the playground needs of the plugin's manifest. */
export interface Manifest {
  readonly id: string;
  readonly name: string;
  /** of servers on this computer that the panel may reach */
  readonly ports: readonly number[];
  /** command to the button's name */
  readonly relaunchButtons: Readonly<Record<string, string>>;
}

interface ManifestFile {
  readonly id: string;
  readonly name: string;
  readonly networkAccess: { readonly allowedDomains: readonly string[] };
  readonly relaunchButtons?: readonly { readonly command: string; readonly name: string }[];
}

/** The manifest is part of the same build as this page. */
export function readManifest(text: string): Manifest {
  const { id, name, networkAccess, relaunchButtons = [] }: ManifestFile = JSON.parse(text);
  const portOf = (domain: string) => /^ws:\/\/localhost:(\d+)$/.exec(domain)?.[1] ?? [];
  return {
    id,
    name,
    ports: networkAccess.allowedDomains.flatMap(portOf).map(Number),
    relaunchButtons: Object.fromEntries(relaunchButtons.map((button) => [button.command, button.name])),
  };
}
