import { Refusal } from '../../../base/index.ts';

/** Whom a container's process runs as. */
export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  /** From passwd; Docker sets HOME from it. */
  readonly home: string;
}

/** What of the image decides it: the text of its files, empty where it has none. */
export interface Accounts {
  readonly passwd: string;
  readonly group: string;
}

/** Linux takes ids below 2^31 through all of its interfaces; Docker refuses others. */
const MAX_ID = 2 ** 31 - 1;

const rows = (text: string): string[][] => text.split('\n').map((line) => line.trim().split(':'));

function numeric(text: string): number | undefined {
  return /^\d+$/.test(text) && Number(text) <= MAX_ID ? Number(text) : undefined;
}

/**
 * `user`, `user:group`, each a name or a number, `''` for root; `groups` are Docker's `--group-add`. A name wins over a number of
 * the same spelling; a number needs no entry. Without a group of its own a known user gets its passwd group and the supplementary
 * groups that list it, an unknown number gets group 0.
 */
export function resolveUser(user: string, groups: readonly string[], accounts: Accounts): ResolvedUser {
  const separator = user.indexOf(':');
  const userPart = separator < 0 ? user : user.slice(0, separator);
  const groupPart = separator < 0 ? '' : user.slice(separator + 1);
  const passwd = rows(accounts.passwd).filter((row) => row.length >= 4);
  const wanted = userPart === '' ? '0' : userPart;
  const entry = passwd.find((row) => row[0] === wanted) ?? passwd.find((row) => row[2] === wanted);
  const uid = numeric(entry?.[2] ?? wanted);
  if (uid === undefined)
    throw new Refusal('container-user-unknown', {
      why: /^\d+$/.test(wanted)
        ? `uids and gids must be in range 0-${MAX_ID}`
        : `unable to find user ${wanted}: no matching entries in passwd file`,
    });
  const groupRows = rows(accounts.group).filter((row) => row.length >= 3);
  const gidOf = (group: string): number => {
    const gid = numeric(groupRows.find((row) => row[0] === group)?.[2] ?? group);
    if (gid === undefined)
      throw new Refusal('container-user-unknown', {
        why: `unable to find group ${group}: no matching entries in group file`,
      });
    return gid;
  };
  const gid = groupPart === '' ? (numeric(entry?.[3] ?? '0') ?? 0) : gidOf(groupPart);
  const listed =
    groupPart === '' && entry !== undefined
      ? groupRows
          .filter((row) => (row[3] ?? '').split(',').includes(entry[0] ?? ''))
          .flatMap((row) => numeric(row[2] ?? '') ?? [])
      : [];
  // The primary group among them, or a process could drop it to get around a "group may not" (CVE-2022-36109).
  const additional = new Set([gid, ...listed, ...groups.map(gidOf)]);
  return { uid, gid, additionalGids: [...additional], home: entry?.[5] || '/' };
}
