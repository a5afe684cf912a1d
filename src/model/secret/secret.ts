import type { Static } from 'typebox';
import type { ConfigId, SecretId } from '../ids.ts';
import { always, bytes, map, since, string, struct } from '../json/schema.ts';
import type { InternalMeta, Meta } from '../meta.ts';

const driver = () => struct('Driver', { Name: string(), Options: map(string()) });

export const secretSpecSchema = struct('SecretSpec', {
  Name: string(),
  Labels: always(map(string())),
  Data: bytes(),
  Driver: driver(),
  Templating: since(37, driver()),
});
export type SecretSpec = Static<typeof secretSpecSchema>;

export const configSpecSchema = struct('ConfigSpec', {
  Name: string(),
  Labels: always(map(string())),
  Data: bytes(),
  Templating: since(37, driver()),
});
export type ConfigSpec = Static<typeof configSpecSchema>;

/** `Spec.Data` is absent here: what must not leave the server stands under `Internal`. */
export interface Secret extends Meta {
  readonly ID: SecretId;
  readonly Spec: Omit<SecretSpec, 'Data'>;
  readonly Internal: InternalMeta & { readonly Data?: string };
}

export interface Config extends Meta {
  readonly ID: ConfigId;
  readonly Spec: ConfigSpec;
  readonly Internal: InternalMeta;
}
