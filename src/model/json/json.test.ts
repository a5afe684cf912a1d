import fc from 'fast-check';
import type { TSchema } from 'typebox';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../base/index.ts';
import { decodeJson, encodeJson, parseJson, secretSpecSchema, serviceSpecSchema, swarmSpecSchema } from '../index.ts';
import { bool, bytes, duration, float32, int64, list, map, string, struct, time, uint16, uint64 } from './schema.ts';

const sample = struct('Sample', {
  Name: string(),
  Flag: bool(),
  Count: uint64(),
  Signed: int64(),
  Port: uint16(),
  Ratio: float32(),
  Wait: duration(),
  Data: bytes(),
  At: time(),
  Labels: map(string()),
  Words: list(string()),
  Inner: struct('Inner', { Value: string(), Other: string() }),
});

const refusal = (text: string, schema: TSchema = sample): string => {
  try {
    decodeJson(schema, text);
  } catch (error) {
    if (error instanceof Refusal) return `${error.kind}: ${error.message}`;
    throw error;
  }
  return 'accepted';
};

describe('syntax errors have the words of Go', () => {
  test.each([
    ['', 'got EOF while reading request body'],
    [' \n', 'got EOF while reading request body'],
    ['{', 'unexpected EOF'],
    ['{"a":"x', 'unexpected EOF'],
    ['{nope', "invalid character 'n' looking for beginning of object key string"],
    ['x', "invalid character 'x' looking for beginning of value"],
    ['ä', "invalid character 'Ã' looking for beginning of value"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
    ['[1 2]', "invalid character '2' after array element"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['-x', "invalid character 'x' in numeric literal"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1ex', "invalid character 'x' in exponent of numeric literal"],
    ['nul!', "invalid character '!' in literal null (expecting 'l')"],
    ['{}x', 'unexpected content after JSON'],
    ['{}{}', 'unexpected content after JSON'],
    ['['.repeat(5000), 'exceeded max depth'],
  ])('%j', (text, message) => {
    expect(refusal(text)).toBe(`invalid: ${message}`);
  });

  test('of whole texts differ where Go differs', () => {
    expect(() => parseJson('', 'text')).toThrow('unexpected end of JSON input');
    expect(() => parseJson('{}x', 'text')).toThrow("invalid character 'x' after top-level value");
  });

  test('a text is JSON for us exactly when it is for JavaScript', () => {
    const near = fc.string({ unit: fc.constantFrom(...'{}[]",:\\ntrueflas01.eE+- '), maxLength: 12 });
    fc.assert(
      fc.property(fc.oneof(near, fc.json()), (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        const parse = () => parseJson(text, 'text');
        if (isJson) expect(parse).not.toThrow();
        else expect(parse).toThrow(Refusal);
      }),
      { numRuns: 500 },
    );
  });
});

describe('wrong types are named as by Go', () => {
  test.each([
    ['[]', 'array into Go value of type swarm.Sample'],
    ['{"Name":5}', 'number into Go struct field Sample.Name of type string'],
    ['{"Inner":{"Value":[]}}', 'array into Go struct field Inner.Inner.Value of type string'],
    ['{"Inner":"x"}', 'string into Go struct field Sample.Inner of type swarm.Inner'],
    ['{"Words":["a",true]}', 'bool into Go struct field Sample.Words of type string'],
    ['{"Labels":{"a":1}}', 'number into Go struct field Sample.Labels of type string'],
    ['{"Count":-1}', 'number -1 into Go struct field Sample.Count of type uint64'],
    ['{"Count":1.5}', 'number 1.5 into Go struct field Sample.Count of type uint64'],
    ['{"Count":1e2}', 'number 1e2 into Go struct field Sample.Count of type uint64'],
    ['{"Count":18446744073709551616}', 'number 18446744073709551616 into Go struct field Sample.Count of type uint64'],
    ['{"Signed":9223372036854775808}', 'number 9223372036854775808 into Go struct field Sample.Signed of type int64'],
    ['{"Port":65536}', 'number 65536 into Go struct field Sample.Port of type uint16'],
    ['{"Ratio":1e39}', 'number 1e39 into Go struct field Sample.Ratio of type float32'],
    ['{"Wait":"5s"}', 'string into Go struct field Sample.Wait of type time.Duration'],
    ['{"Data":5}', 'number into Go struct field Sample.Data of type []uint8'],
    ['{"Name":5,"Flag":"x"}', 'number into Go struct field Sample.Name of type string'],
  ])('%s', (text, message) => {
    expect(refusal(text)).toBe(`invalid: json: cannot unmarshal ${message}`);
  });

  test.each([
    ['***', 0],
    ['-_-_', 0],
    ['aGVsbG8', 4],
    ['a===', 1],
    ['aGVs=', 4],
    ['aa=a', 2],
    ['aa==aa', 4],
  ])('base64 %s breaks at byte %d', (data, offset) => {
    expect(refusal(`{"Data":"${data}"}`)).toBe(`invalid: illegal base64 data at input byte ${offset}`);
  });

  test('a time that is none is refused', () => {
    expect(refusal('{"At":"noon"}')).toContain('parsing time "noon"');
  });
});

describe('decoding', () => {
  test('matches names exactly first, then without case; the last wins', () => {
    expect(decodeJson(sample, '{"name":"a","NAME":"b"}')).toEqual({ Name: 'b' });
    expect(decodeJson(sample, '{"Name":"a","name":"b","Name":"c"}')).toEqual({ Name: 'c' });
  });

  test('merges objects and maps under a repeated key, and replaces lists', () => {
    const text =
      '{"Labels":{"a":"1"},"Inner":{"Value":"v"},"Words":["x"],"Labels":{"b":"2"},"Inner":{"Other":"o"},"Words":["y"]}';
    expect(decodeJson(sample, text)).toEqual({
      Labels: { a: '1', b: '2' },
      Inner: { Value: 'v', Other: 'o' },
      Words: ['y'],
    });
  });

  test('takes null for absent, and for zero inside lists and maps', () => {
    expect(decodeJson(sample, 'null')).toEqual({});
    expect(decodeJson(sample, '{"Name":null,"Inner":null,"Labels":{"a":null},"Words":[null]}')).toEqual({
      Labels: { a: '' },
      Words: [''],
    });
    expect(decodeJson(sample, '{"Labels":{"a":"1"},"Name":"n","Labels":null,"Name":null}')).toEqual({ Name: 'n' });
  });

  test('ignores unknown fields, among them those of JavaScript objects', () => {
    expect(decodeJson(sample, '{"Foo":{"x":[1]},"__proto__":{"Name":"x"},"constructor":1,"toString":2}')).toEqual({});
    const { Labels } = decodeJson(sample, '{"Labels":{"__proto__":"x"}}');
    expect(Object.entries(Labels ?? {})).toEqual([['__proto__', 'x']]);
  });

  test('keeps integers to the digit', () => {
    const at = (text: string) => decodeJson(sample, `{"Count":${text}}`).Count;
    expect(at('9007199254740991')).toBe(9007199254740991);
    expect(at('9007199254740993')).toBe(9007199254740993n);
    expect(at('18446744073709551615')).toBe(18446744073709551615n);
    expect(decodeJson(sample, '{"Signed":-0}').Signed).toBe(0);
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (Signed) => {
        expect(encodeJson(decodeJson(sample, `{"Signed":${Signed}}`))).toBe(`{"Signed":${Signed}}`);
      }),
    );
  });

  test('rounds to float32 and prints it shortest', () => {
    expect(decodeJson(sample, '{"Ratio":0.1}').Ratio).toBe(0.1);
    expect(decodeJson(sample, '{"Ratio":0.123456789}').Ratio).toBe(0.12345679);
  });

  test('replaces lone surrogates', () => {
    expect(decodeJson(sample, '{"Name":"\\ud800x"}').Name).toBe('\ufffdx');
  });

  test('writes base64 as Go does', () => {
    const at = (text: string) => decodeJson(sample, JSON.stringify({ Data: text })).Data;
    expect(at('aGVs\r\nbG8=')).toBe('aGVsbG8=');
    expect(at('aGVsbG9=')).toBe('aGVsbG8=');
    expect(at('aH==')).toBe('aA==');
    fc.assert(
      fc.property(fc.uint8Array(), (data) => {
        const text = Buffer.from(data).toString('base64');
        expect(at(text)).toBe(text);
      }),
    );
  });

  test('has schemas of all bodies', () => {
    expect(decodeJson(serviceSpecSchema, '{"tasktemplate":{"containerspec":{"image":"x"}}}')).toEqual({
      TaskTemplate: { ContainerSpec: { Image: 'x' } },
    });
    expect(decodeJson(swarmSpecSchema, '{"CAConfig":{"NodeCertExpiry":1}}')).toEqual({
      CAConfig: { NodeCertExpiry: 1 },
    });
    expect(decodeJson(secretSpecSchema, '{"Data":"aGVsbG8="}')).toEqual({ Data: 'aGVsbG8=' });
  });
});
