import { Refusal } from '../../../base/index.ts';

/** What `HostConfig.SecurityOpt` asks for. */
export interface SecurityOptions {
  readonly noNewPrivileges: boolean;
  /** `default`, `unconfined`, or the text of a profile in Docker's format. */
  readonly seccomp: { readonly kind: 'default' | 'unconfined' } | { readonly kind: 'profile'; readonly text: string };
  /** Absent: the default profile where the host has AppArmor. */
  readonly appArmorProfile?: string;
}

/** Reads `--security-opt` values; `=` and the older `:` both separate. SELinux labels can't be set here and are refused. */
export function parseSecurityOptions(options: readonly string[]): SecurityOptions {
  let parsed: SecurityOptions = { noNewPrivileges: false, seccomp: { kind: 'default' } };
  for (const option of options) {
    const [, name = option, value] = /^([a-z-]+)[=:]([\s\S]*)$/.exec(option) ?? [];
    if (name === 'no-new-privileges' && (value === undefined || value === 'true' || value === 'false'))
      parsed = { ...parsed, noNewPrivileges: value !== 'false' };
    else if (name === 'seccomp' && value)
      parsed = {
        ...parsed,
        seccomp:
          value === 'unconfined'
            ? { kind: 'unconfined' }
            : value === 'builtin'
              ? { kind: 'default' }
              : { kind: 'profile', text: value },
      };
    else if (name === 'apparmor' && value) parsed = { ...parsed, appArmorProfile: value };
    else if (name === 'label' && value === 'disable') continue;
    else throw new Refusal('container-security-option-invalid', { option });
  }
  return parsed;
}
