import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeCall,
  decodeResponse,
  encodeCall,
  encodeFault,
  encodeResponse,
  UNREADABLE,
  type XmlValue,
} from '../../src/rpc/xml.ts';

const LEGAL = fc
  .string({ unit: 'binary' })
  .map((text) => text.toWellFormed().replace(/[^\t\n\r\x20-\u{ffff}\u{10000}-\u{10ffff}]|[\ufffe\uffff]/gu, ''));
const VALUE: fc.Arbitrary<XmlValue> = fc.letrec<{ value: XmlValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    LEGAL,
    fc.integer(),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Number.isInteger(x)),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(LEGAL, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

test('decodeResponse() reads what encodeResponse() wrote', () => {
  fc.assert(
    fc.property(VALUE, (value) => {
      assert.deepEqual(decodeResponse(encodeResponse(value)), { ok: true, value });
    }),
  );
});

test('decodeCall() reads what encodeCall() wrote', () => {
  fc.assert(
    fc.property(fc.array(VALUE, { maxLength: 4 }), (params) => {
      assert.deepEqual(decodeCall(encodeCall('a.b', params)), { ok: true, value: { method: 'a.b', params } });
    }),
  );
});

test('decodeCall() takes members in runs for what they are one by one', () => {
  const oneByOne = (text: string): string => text.replaceAll('<member>', '<member><!-- -->');
  fc.assert(
    fc.property(fc.array(VALUE, { maxLength: 4 }), (params) => {
      const text = encodeCall('a.b', params);
      assert.deepEqual(decodeCall(text), decodeCall(oneByOne(text)));
    }),
  );
  const member = '<member><name>x</name><value><string>y</string></value></member>';
  const nested = (depth: number): string =>
    encodeCall('a.b', []).replace(
      '<params>',
      `<params><param>${'<value><struct><member><name>x</name>'.repeat(depth)}<value><struct>${member}</struct></value>` +
        `${'</member></struct></value>'.repeat(depth)}</param>`,
    );
  const areRead = [39, 40, 41].map((depth) => [decodeCall(nested(depth)).ok, decodeCall(oneByOne(nested(depth))).ok]);
  assert.deepEqual(areRead, [
    [true, true],
    [true, true],
    [false, false],
  ]);
});

test('decodeCall() never throws, whatever the text', () => {
  const pieces = fc.constantFrom(
    '<',
    '>',
    '/',
    '&',
    ';',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?',
    '?>',
    '<!DOCTYPE x [',
    '<value>',
    '</value>',
    '<struct>',
    '</struct>',
    '<member>',
    '</member>',
    '<name>',
    '<int>',
    '</int>',
    '1',
    'x',
    ' ',
    '<array>',
    '<data>',
    '<methodCall>',
    '</methodCall>',
    '<params>',
    '<param>',
    '&#0;',
    '&lt;',
    '"',
    '=',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(pieces).map((all) => all.join('')),
      ),
      (text) => {
        assert.equal(typeof decodeCall(text).ok, 'boolean');
        assert.equal(typeof decodeResponse(text).ok, 'boolean');
      },
    ),
    { numRuns: 2000 },
  );
});

const call = (params: string): string =>
  `<?xml version='1.0'?>\n<methodCall>\n<methodName>a.b</methodName>\n${params}</methodCall>\n`;
const one = (value: string): XmlValue | undefined => {
  const decoded = decodeCall(call(`<params><param>${value}</param></params>`));
  return decoded.ok ? decoded.value.params[0] : undefined;
};

test('decodeCall() gives every element its meaning', () => {
  const cases: readonly (readonly [string, XmlValue | undefined])[] = [
    ['<value><int> 5 </int></value>', 5],
    ['<value><i4>-5</i4></value>', -5],
    ['<value><i8>5</i8></value>', '5'],
    ['<value><int>abc</int></value>', undefined],
    ['<value><int/></value>', undefined],
    ['<value><boolean>1</boolean></value>', true],
    ['<value><boolean>true</boolean></value>', false],
    ['<value><string/></value>', ''],
    ['<value></value>', ''],
    ['<value/>', ''],
    ['<value> a b </value>', ' a b '],
    ['<value><string>&lt;&#233;&#xe9;<![CDATA[<&]]>é</string></value>', '<éé<&é'],
    ['<value><string>a\r\nb&#13;c</string></value>', 'a\nb\rc'],
    ['<value><double>1.5e1</double></value>', 15],
    ['<value><double>0x10</double></value>', undefined],
    ['<value><base64>w6k=\n</base64></value>', 'é'],
    ['<value><base64>/w==</base64></value>', undefined],
    ['<value><nil/></value>', null],
    ['<value><dateTime.iso8601>20260101T00:00:00</dateTime.iso8601></value>', '20260101T00:00:00'],
    ['<value>\n<array>\n<data>\n</data>\n</array>\n</value>', []],
    ['<value><array><data><value>a</value><value><int>1</int></value></data></array></value>', ['a', 1]],
    [
      '<value a="1"><struct><member><name>__proto__</name><value>x</value></member></struct></value>',
      Object.fromEntries([['__proto__', 'x']]),
    ],
    ['<value><struct><member><name>a</name></member></struct></value>', undefined],
    ['<value>&nope;</value>', undefined],
    ['<value>&amp</value>', undefined],
    ['<value>&#0;</value>', undefined],
    ['<value><int>5</value>', undefined],
  ];
  for (const [text, value] of cases) assert.deepEqual(one(text), value, text);
});

test('decodeCall() takes a call without params, and needs a method name', () => {
  assert.deepEqual(decodeCall(call('')), { ok: true, value: { method: 'a.b', params: [] } });
  for (const text of [
    '',
    'x',
    '<methodCall/>',
    '<methodCall><methodName/></methodCall>',
    '<a/><b/>',
    '<a/>x',
    'x<a/>',
  ]) {
    assert.equal(decodeCall(text).ok, false, text);
  }
});

test('decodeCall() refuses document types, deep nesting and what never ends', () => {
  const bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><methodCall><methodName>&a;</methodName></methodCall>';
  for (const text of [
    bomb,
    '<a>'.repeat(1000),
    `<${'a'.repeat(5000)}>`,
    '<!--',
    '<![CDATA[',
    '<?xml',
    '<a',
    '<a>&#99999999999;</a>',
  ]) {
    assert.equal(decodeCall(text).ok, false, text.slice(0, 40));
  }
});

test('decodeCall() takes time linear in hostile texts', () => {
  const size = 2_000_000;
  const hostile = [
    '<'.repeat(size),
    '&'.repeat(size),
    `<a>${'&#'.repeat(size / 2)}</a>`,
    `<a>${'<b/>'.repeat(size / 4)}</a>`,
    `<a>${'<!---->'.repeat(size / 7)}`,
    `<value><int>${'1'.repeat(size)}x</int></value>`,
    `<value><double>${'1'.repeat(size)}..</double></value>`,
    `<a ${' '.repeat(size)}`,
    `<a>${'x<![CDATA[y]]>'.repeat(size / 14)}</a>`,
    `${' '.repeat(size)}x`,
  ];
  const started = performance.now();
  for (const text of hostile) assert.equal(decodeCall(text).ok, false);
  // Quadratic time would be hours.
  assert.ok(performance.now() - started < 60_000);
});

test('encodeResponse() lays values out as the server of supervisord does', () => {
  assert.equal(
    encodeResponse([{ statecode: 1, flag: true }, [], 'a<&>"é']),
    "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><array><data>\n<value><struct>\n<member>\n<name>statecode</name>\n<value><int>1</int></value>\n</member>\n<member>\n<name>flag</name>\n<value><boolean>1</boolean></value>\n</member>\n</struct></value>\n<value><array><data>\n</data></array></value>\n<value><string>a&lt;&amp;&gt;\"é</string></value>\n</data></array></value>\n</param>\n</params>\n</methodResponse>\n",
  );
});

test('encodeFault() lays a fault out as the server of supervisord does', () => {
  const text = encodeFault({ code: 10, text: 'BAD_NAME: nope' });
  assert.equal(Buffer.byteLength(text), 270);
  assert.deepEqual(decodeResponse(text), { ok: false, error: { code: 10, text: 'BAD_NAME: nope' } });
});

test('encodeResponse() never writes what a strict reader refuses', () => {
  assert.match(encodeResponse('a\x00\x1b\ufffe\ud800\rb'), /<string>a\ufffd\ufffd\ufffd\ufffd&#13;b<\/string>/);
  assert.match(encodeResponse(2 ** 31 - 1), /<int>2147483647<\/int>/);
  assert.match(encodeResponse(2 ** 40), /<double>1099511627776<\/double>/);
  assert.match(encodeResponse(-(2 ** 40)), /<double>-1099511627776<\/double>/);
  assert.match(encodeResponse(2147483647.5), /<double>2147483647.5<\/double>/);
  assert.match(encodeResponse(Number.POSITIVE_INFINITY), /<int>2147483647<\/int>/);
  assert.match(encodeResponse(null), /<string><\/string>/);
  assert.match(encodeResponse(Number.NaN), /<int>0<\/int>/);
});

test('decodeResponse() tells an unreadable answer from a fault', () => {
  for (const text of ['', '<html>', '<methodResponse/>']) {
    const decoded = decodeResponse(text);
    assert.equal(decoded.ok ? undefined : decoded.error.code, UNREADABLE);
  }
});
