import { encodeJson } from '../../model/index.ts';

export { encodeJson };

/** What a handler answers. The server writes it; handlers never touch the socket. */
export type Answer =
  | { readonly kind: 'json'; readonly status: number; readonly body: unknown; readonly headers?: AnswerHeaders }
  | { readonly kind: 'text'; readonly status: number; readonly text: string; readonly headers?: AnswerHeaders }
  /** No body and no content type, as Docker answers updates and deletions. */
  | { readonly kind: 'empty'; readonly status: number; readonly headers?: AnswerHeaders }
  | ListAnswer
  | {
      readonly kind: 'stream';
      readonly status: number;
      readonly contentType: string;
      /** Taken one by one, the next only when the client has read what came before. */
      readonly chunks: AsyncIterable<Uint8Array | string>;
    };

/** A JSON array that is encoded in slices, so that a large one does not hold up the process. */
export interface ListAnswer {
  readonly kind: 'list';
  /** Texts of the elements; a pass over it may stop between two elements and go on in a later turn. */
  readonly elements: Iterable<string | undefined>;
}

export type AnswerHeaders = Readonly<Record<string, string>>;

export const json = (body: unknown, status = 200): Answer => ({ kind: 'json', status, body });
export const empty = (status = 200): Answer => ({ kind: 'empty', status });

/** A list of what `show` makes of each object; objects for which it gives `undefined` are left out. */
export function list<T>(objects: Iterable<T>, show: (object: T) => unknown): Answer {
  // The references are copied at once: the store's live indexes may change between slices.
  const copied = Array.from(objects);
  return { kind: 'list', elements: encodeEach(copied, show) };
}

function* encodeEach<T>(objects: readonly T[], show: (object: T) => unknown): Generator<string | undefined> {
  for (const object of objects) {
    const shown = show(object);
    yield shown === undefined ? undefined : encodeJson(shown);
  }
}
