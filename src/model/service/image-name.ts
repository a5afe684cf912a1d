/** Longest text that is looked at; the grammar allows 255 characters of name, 128 of tag and a digest. */
const MAX_IMAGE_CHARACTERS = 1024;
const MAX_NAME_CHARACTERS = 255;

const domain =
  '[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*(?:\\.[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*)*(?::[0-9]+)?|\\[[a-fA-F0-9:]+\\](?::[0-9]+)?';
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const tag = ':[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const digest = '@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const form = new RegExp(`^((?:(?:${domain})/)?${component}(?:/${component})*)(?:${tag})?(?:${digest})?$`);

/** Whether a text names an image (the grammar of distribution's references, with Docker's short names). */
export function isImageName(text: string): boolean {
  // 64 hex digits would be taken for an image's id.
  if (text.length > MAX_IMAGE_CHARACTERS || /^[a-f0-9]{64}$/.test(text)) return false;
  const name = form.exec(qualified(text))?.[1];
  return name !== undefined && name.length <= MAX_NAME_CHARACTERS;
}

/** With the domain that Docker adds to names that have none. */
function qualified(text: string): string {
  const slash = text.indexOf('/');
  if (slash === -1) return `docker.io/library/${text}`;
  const first = text.slice(0, slash);
  const isDomain = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  return isDomain ? text : `docker.io/${text}`;
}
