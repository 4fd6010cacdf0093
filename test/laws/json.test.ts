// Laws of Json values: one canonical text for each, whatever white space, key order and notation; no digit is
// lost.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson } from '../../src/model/json.ts'
import { sameNumber } from '../../src/model/number.ts'
import { scalarPairs } from './wire-scalars.ts'

const canonical = (text: string): string => {
  const json = canonicalJson(text)
  return 'text' in json ? json.text : json.wrong
}

test('the canonical text holds the same value, and is its own canonical text', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), (value) => {
      const text = JSON.stringify(value)
      expect(JSON.parse(canonical(text))).toEqual(JSON.parse(text))
      expect(canonical(canonical(text))).toBe(canonical(text))
    }),
    { numRuns: 500 },
  )
})

test('white space, key order and escapes change nothing', () => {
  fc.assert(
    fc.property(scalarPairs.Json, ({ canonical: expected, sent }) => {
      expect(canonical(sent as string)).toBe(expected)
      expect(canonical(`\n\t ${sent as string}\r\n`)).toBe(expected)
      expect(
        canonical(
          (sent as string).replace(/[A-Za-z]/g, (letter, at: number, all: string) =>
            isInString(all, at) ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}` : letter,
          ),
        ),
      ).toBe(expected)
    }),
  )
  expect(canonical('{"b":1,"a":{"d":[1, 2],"c":"\\u0041\\/"}}')).toBe('{"a":{"c":"A/","d":[1,2]},"b":1}')
})

// Whether a letter stands inside a JSON string, and no backslash before it.
const isInString = (text: string, at: number): boolean => {
  let inside = false
  for (let i = 0; i < at; i++) {
    if (text[i] === '\\') {
      if (i + 1 === at) return false
      if (text[i + 1] === 'u' && i + 5 >= at) return false
      i++
    } else if (text[i] === '"') inside = !inside
  }
  return inside
}

test('keys are sorted as text, also those that JavaScript would put first, and __proto__ is a key', () => {
  expect(canonical('{"b":1,"10":2,"9":3,"":4,"__proto__":{"x":5},"B":6}')).toBe(
    '{"":4,"10":2,"9":3,"B":6,"__proto__":{"x":5},"b":1}',
  )
  expect(canonical('{"constructor":1,"toString":null}')).toBe('{"constructor":1,"toString":null}')
  // The last of equal keys counts, as JSON.parse has it.
  expect(canonical('{"a":1,"a":2}')).toBe('{"a":2}')
})

const numbers = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.stringMatching(/^(0|[1-9]\d{0,40})$/),
    fc.stringMatching(/^(\.\d{1,40})?$/),
    fc.option(fc.integer({ min: -420, max: 420 }), { nil: undefined }),
  )
  .map(
    ([sign, whole, fraction, exponent]) =>
      `${sign}${whole}${fraction}${exponent === undefined ? '' : `e${exponent}`}`,
  )

test('numbers keep their exact value, of any size and precision, and equal numbers have equal text', () => {
  fc.assert(
    fc.property(numbers, fc.nat(4), (text, zeros) => {
      const written = canonical(text)
      expect(sameNumber(written, text)).toBe(true)
      expect(canonical(written)).toBe(written)
      expect(canonical(`[${text}]`)).toBe(`[${written}]`)
      const [head, exponent = '0'] = text.split('e')
      expect(
        canonical(
          `${head}${(head as string).includes('.') ? '' : '.'}${'0'.repeat(zeros + 1)}E+${exponent}`.replace(
            '+-',
            '-',
          ),
        ),
      ).toBe(written)
    }),
    { numRuns: 1_000 },
  )
  expect(
    [
      ['1.0', '1'],
      ['-0', '0'],
      ['-0.0e5', '0'],
      ['1E2', '100'],
      ['100e-2', '1'],
      ['1e400', '1e+400'],
      ['10e399', '1e+400'],
      ['1e-400', '1e-400'],
      ['0.1', '0.1'],
      ['123456789012345678901', '123456789012345678901'],
      ['1.23456789012345678901e20', '123456789012345678901'],
      ['1234567890123456789012345678901.5', '1234567890123456789012345678901.5'],
      ['1e30', '1e+30'],
      ['0.10000000000000000555', '0.10000000000000000555'],
    ].filter(([text, expected]) => canonical(text as string) !== expected),
  ).toEqual([])
})

test('what is no JSON text is refused', () => {
  for (const text of [
    '',
    ' ',
    '{',
    '[1,]',
    '{a:1}',
    "'a'",
    'undefined',
    'NaN',
    'Infinity',
    '01',
    '+1',
    '1.',
    '.5',
    '0x1',
    '"\n"',
    '1 2',
    '//x',
    '\ufeff1',
  ])
    expect([text, canonicalJson(text)]).toEqual([text, { wrong: 'WrongType' }])
  fc.assert(
    fc.property(fc.string(), (text) => {
      const parses = (() => {
        try {
          JSON.parse(text)
          return true
        } catch {
          return false
        }
      })()
      expect('text' in canonicalJson(text)).toBe(parses)
    }),
  )
})

test('brackets inside strings have no depth', () => {
  const text = JSON.stringify(`${'['.repeat(100)}\\"${'{'.repeat(100)}`)
  expect(canonical(text)).toBe(text)
  expect(canonical(`${'['.repeat(64)}${']'.repeat(64)}`)).toHaveLength(128)
  expect(canonical(`${'['.repeat(65)}${']'.repeat(65)}`)).toBe('TooDeep')
  expect(canonical(`[${'[],'.repeat(1_000)}[]]`)).toHaveLength(3_004)
})
