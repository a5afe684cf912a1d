/** A mount with its source on this machine found or made; stored with the container. */
export type ResolvedMount =
  | {
      readonly kind: 'bind' | 'volume';
      /** Absolute path on the host. */
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly shallowReadOnly: boolean;
      readonly recursive: boolean;
      readonly propagation: string;
      /** Of volumes. */
      readonly volumeName?: string;
      /** Removed with the container. */
      readonly isAnonymous?: boolean;
    }
  | { readonly kind: 'tmpfs'; readonly target: string; readonly options: readonly string[] };
