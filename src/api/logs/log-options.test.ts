import { expect, test } from 'vitest';
import { parseLogRequest } from './log-options.ts';

const parse = (text: string) => parseLogRequest(new URLSearchParams(text));

test('reads what a client asks for', () => {
  expect(parse('stdout=1&follow=x&since=12.5&tail=3&timestamps=1&details=1')).toEqual({
    options: { stdout: true, stderr: false, follow: true, since: '12.5', tail: 3 },
    timestamps: true,
    details: true,
  });
  expect(parse('stderr=1&tail=all&since=0').options).toEqual({ stdout: false, stderr: true, follow: false });
});

test.each([
  ['', 'Bad parameters: you must choose at least one stream'],
  ['stdout=0&stderr=0', 'Bad parameters: you must choose at least one stream'],
  ['stdout=1&tail=x', 'tail value must be a positive integer or "all"'],
  ['stdout=1&tail=-1', 'negative tail values not supported'],
  ['stdout=1&since=x', 'could not parse since timestamp: strconv.ParseInt: parsing "x": invalid syntax'],
])('%s is refused', (text, message) => {
  expect(() => parse(text)).toThrow(message);
});
