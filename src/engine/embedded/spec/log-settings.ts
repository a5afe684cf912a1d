import { Refusal } from '../../../base/index.ts';
import type { HostConfig } from '../../port/container.ts';
import type { LogSettings } from '../containers/record.ts';

/** A log that nobody limits would fill the disk: three files of 10 MB each. */
const DEFAULT_MAX_SIZE_BYTES = 10 * 1_048_576;
const DEFAULT_MAX_FILES = 3;
/** The monitor writes a new file for each; smaller ones would be rotated faster than they can be kept. */
const MIN_SIZE_BYTES = 16_384;
const MAX_FILES = 1000;
const units: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

function size(text: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([bkmg]?)b?$/i.exec(text.trim()) ?? [];
  const bytes = Math.floor(Number(digits) * (units[unit.toLowerCase()] ?? Number.NaN));
  if (!(bytes > 0)) throw new Refusal('container-log-option-invalid', { name: 'max-size', value: text });
  return Math.max(MIN_SIZE_BYTES, bytes);
}

/** `LogConfig` with the json-file driver's `max-size` and `max-file`; other options of it are refused by name. */
export function logSettings(config: HostConfig['LogConfig']): LogSettings {
  const driver = config?.Type === 'none' ? 'none' : 'json-file';
  const { 'max-size': maxSize, 'max-file': maxFile, ...others } = config?.Config ?? {};
  for (const [name, value] of Object.entries(others))
    throw new Refusal('container-field-not-built', { field: `HostConfig.LogConfig.Config.${name}`, value });
  const maxFiles = maxFile === undefined ? DEFAULT_MAX_FILES : Number(maxFile);
  if (!Number.isInteger(maxFiles) || maxFiles < 1 || maxFiles > MAX_FILES)
    throw new Refusal('container-log-option-invalid', { name: 'max-file', value: maxFile });
  return { driver, maxFiles, maxSizeBytes: maxSize === undefined ? DEFAULT_MAX_SIZE_BYTES : size(maxSize) };
}
