// Laws of reading anything at all: no input throws, and what is refused says why.
import { expect, test } from 'vitest'
import fc from 'fast-check'
import { decodeYadto, YadtoCodec } from '../../src/model/decode.ts'
import { E } from '../../src/fp.ts'
import { scalarTypes } from './wire-scalars.ts'
import { source } from './wire.ts'
import { anything, odd } from './odd.ts'
import { codes, refused } from './refusal.ts'

const notThrowing = (input: unknown): void => {
  expect(['Left', 'Right']).toContain(decodeYadto(input)._tag)
  expect(['Left', 'Right']).toContain(YadtoCodec.decode(input)._tag)
  expect(typeof YadtoCodec.is(input)).toBe('boolean')
}

test(
  'nothing makes the decoder throw: as the update, as a property, as a value, as elements, as fields, ' +
    'as metadata',
  () => {
    fc.assert(
      fc.property(
        anything,
        fc.constantFrom(...scalarTypes, 'List', 'EmbeddedObject', 'Long'),
        (make, propertyType) => {
          const value = make()
          notThrowing(value)
          notThrowing({ x: value, ...source })
          for (const field of ['value', 'values', 'embeddedEntity'])
            notThrowing({ x: { propertyType, [field]: value }, ...source })
          notThrowing({ x: { propertyType: 'List', values: [value, value] }, ...source })
          notThrowing({ x: { propertyType: 'EmbeddedObject', embeddedEntity: { y: value } }, ...source })
          notThrowing({
            eventSource: value,
            eventOperation: value,
            correlationId: { propertyType: 'String', value },
          })
          notThrowing({ x: { propertyType: value, value: 'x' }, ...source })
        },
      ),
      { numRuns: 400 },
    )
  },
)

test('each odd thing is refused where a property value is expected', () => {
  for (const make of odd) {
    expect(codes(refused({ x: make(), ...source }))).toEqual(['WrongType'])
    for (const propertyType of scalarTypes) {
      const value = make()
      if (value !== undefined && value !== null)
        expect(codes(refused({ x: { propertyType, value }, ...source }))).toEqual(['WrongType'])
    }
  }
})

test('random names are refused or kept as own properties, and never reach a prototype', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('__proto__', 'constructor', '', '0', 'a b', 'ä', 'a.b', '__defineGetter__'),
      ),
      (name) => {
        const input = JSON.parse(`{${JSON.stringify(name)}:{"propertyType":"String","value":"x"}}`) as object
        const result = decodeYadto({ ...input, ...source })
        if (E.isRight(result))
          expect(Object.keys(result.right.content)).toEqual(
            ['eventSource', 'eventVersion', 'correlationId', 'eventOperation'].includes(name) ? [] : [name],
          )
        else expect(codes(result.left)).toEqual(['BadName'])
      },
    ),
  )
  expect(
    refused(JSON.parse('{"__proto__":{"propertyType":"String","value":"x"}}')).map(
      ({ code, path }) => `${code} ${path}`,
    ),
  ).toEqual(['BadName __proto__', 'Missing eventSource'])
  const within = JSON.parse(
    '{"x":{"propertyType":"EmbeddedObject","embeddedEntity":{"__proto__":{"propertyType":"String",' +
      '"value":"x"}}}}',
  ) as object
  expect(refused({ ...within, ...source }).map(({ code, path }) => `${code} ${path}`)).toEqual([
    'BadName x.__proto__',
  ])
})

test('lone surrogates are no text, in String and in Json, and pairs of them are', () => {
  for (const value of ['\ud800', 'a\udc00b', '\udc00\ud800']) {
    expect(codes(refused({ x: { propertyType: 'String', value }, ...source }))).toEqual(['WrongType'])
    for (const json of [JSON.stringify(value), JSON.stringify([{ [value]: 1 }]), `"${value}"`])
      expect(codes(refused({ x: { propertyType: 'Json', value: json }, ...source }))).toEqual(['WrongType'])
  }
  expect(
    E.isRight(
      decodeYadto({
        x: { propertyType: 'String', value: '\ud83d\ude00' },
        y: { propertyType: 'Json', value: '"\\ud83d\\ude00"' },
        ...source,
      }),
    ),
  ).toBe(true)
})
