/** A reference that names neither tag nor digest means `latest`; without it the engine would pull every tag. */
export function withDefaultTag(reference: string): string {
  const last = reference.slice(reference.lastIndexOf('/') + 1);
  return last.includes(':') || last.includes('@') ? reference : `${reference}:latest`;
}
