import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asWritten, LineJoiner } from './join.ts';
import { LineSplitter, parseLogLine } from './line.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);
const AT = '2026-01-02T03:04:05.678901234+00:00';

test('a line of the file: stream, time to the nanosecond, content with its spaces', () => {
  const line = parseLogLine(bytes(`${AT} stderr F  a  b `));
  expect(line).toMatchObject({ stream: 'stderr', isPartial: false, atNs: 1_767_323_045_678_901_234n });
  expect(text(line?.bytes)).toBe(' a  b ');
  expect(text(parseLogLine(bytes(`${AT} stdout P `))?.bytes)).toBe('');
});

test.each([
  '',
  'x',
  `${AT} stdout F`,
  `${AT} stdin F x`,
  `${AT} stdout Q x`,
  'never stdout F x',
])('%j is no line', (line) => {
  expect(parseLogLine(bytes(line))).toBeUndefined();
});

test('pieces of a long line are one record at the time of the first; streams do not mix', () => {
  const joiner = new LineJoiner();
  const lines = new LineSplitter().push(
    bytes(
      `${AT} stdout P one \n${AT} stderr F err\n2026-01-02T03:04:06.5+00:00 stdout P two \n2026-01-02T03:04:07+00:00 stdout F three\n${AT} stdout P rest\n`,
    ),
  );
  const records = lines.flatMap((line) => joiner.push(line) ?? []).concat(joiner.flush());
  expect(records.map(({ record }) => [record.stream, record.at, text(record.bytes)])).toEqual([
    ['stderr', '2026-01-02T03:04:05.678901234Z', 'err\n'],
    ['stdout', '2026-01-02T03:04:05.678901234Z', 'one two three\n'],
    ['stdout', '2026-01-02T03:04:05.678901234Z', 'rest'],
  ]);
  expect(lines.map((line) => text(asWritten(line).record.bytes))).toEqual(['one ', 'err\n', 'two ', 'three\n', 'rest']);
});

test('wherever the file is cut into reads, the same lines come out', () => {
  const whole = bytes(Array.from({ length: 20 }, (_, i) => `${AT} stdout F line ${i}\n`).join(''));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: whole.length }), { maxLength: 10 }), (cuts) => {
      const splitter = new LineSplitter();
      const at = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
      const lines = at.slice(1).flatMap((end, i) => splitter.push(whole.subarray(at[i] ?? 0, end)));
      expect(lines.map((line) => text(line.bytes))).toEqual(Array.from({ length: 20 }, (_, i) => `line ${i}`));
    }),
  );
});
