/** Answers of ours that differ from the recording on purpose. */
export interface Difference {
  readonly group: string;
  /** Names of the calls, or patterns of names. Every call of the group that fits must differ. */
  readonly calls: readonly (string | RegExp)[];
  /** What the player says of them: every mismatch must fit one of these. */
  readonly ours: readonly (string | RegExp)[];
  readonly reason: string;
  /** Set where the machine or its pace decides whether the call differs; all others must differ, or the list is out of date. */
  readonly mayAgree?: true;
}

/** What the player says of a call that is refused because its effect is not built. */
export const notBuilt: readonly RegExp[] = [
  /^status: expected \d+ got 501$/,
  /^message: .* got ".*is not implemented yet"$/,
  /^contentType: expected .* got application\/json$/,
];

/** What the player says of a call about an object that could not be made because something is not built. */
export const notMade: readonly RegExp[] = [
  /^status: expected \d+ got 404$/,
  /^message: .* got "\w+ [\w-]+ not found"$/,
  /^contentType: expected .* got application\/json$/,
];

/** What the player says of a call that Docker accepts though it can never work. */
export const refusedAsImpossible: readonly RegExp[] = [
  /^status: expected 20[01] got 400$/,
  /^message: expected undefined got "rpc error: code = InvalidArgument desc = (ContainerSpec|TaskSpec|EndpointSpec): .*"$/,
];

export const newVersions = 'the API is 1.24 to 1.51, not 1.12 to 1.41: what CLI 28 speaks';

export const versionHeader = 'header api-version: expected 1.41 got 1.51';
