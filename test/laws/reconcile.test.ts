// Laws of reconciling a process' definition with the stored schema: agreed once, the same for all, and never
// behind anybody's back.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { declaredSchema } from '../../src/model/definition.ts'
import { entity } from '../../src/model/entity.ts'
import { y, type Property } from '../../src/model/property.ts'
import { ruleName, type EntitySchema } from '../../src/model/schema.ts'
import { reconcile } from '../../src/model/reconcile.ts'

type Result = ReturnType<typeof reconcile>
const schemaOf = (result: Result): EntitySchema => {
  if ('problems' in result) throw new Error(JSON.stringify(result.problems))
  return result.schema
}
const conflictsOf = (result: Result): readonly string[] =>
  'problems' in result ? result.problems.map(({ code, path, message }) => `${code} ${path}: ${message}`) : []

const optionals: { readonly [name: string]: Property } = {
  a: y.optional(y.string()),
  b: y.optional(y.integer()),
  list: y.optional(y.list(y.string())),
  object: y.optional(y.object({ x: y.string() })),
  wider: y.optional(y.object({ x: y.string(), z: y.integer() })),
  region: y.enriched(y.string()),
}
const required: { readonly [name: string]: Property } = { r: y.string(), s: y.integer() }
interface Options {
  readonly names: readonly string[]
  readonly must: readonly string[]
  readonly by: 'history' | 'latest'
  readonly ignore: readonly string[]
  readonly partial: boolean
}

const declared = ({ names, must, by, ignore, partial }: Options): EntitySchema =>
  declaredSchema(
    entity('E', {
      properties: {
        id: y.string(),
        at: y.dateTime(),
        ...(Object.fromEntries([
          ...names.map((name) => [name, optionals[name]]),
          ...must.map((name) => [name, required[name]]),
        ]) as { readonly [name: string]: Property }),
      },
      identifier: ['id'],
      timestamp: 'at',
      ...(partial ? { updates: 'partial' as const } : {}),
      deduplication: { by: partial ? 'history' : by, ignore: ignore.filter((name) => names.includes(name)) },
    } as never).definition,
  )

const declarations: fc.Arbitrary<EntitySchema> = fc
  .record({
    names: fc.shuffledSubarray(Object.keys(optionals)),
    must: fc.subarray(Object.keys(required)),
    by: fc.constantFrom('history', 'latest'),
    ignore: fc.subarray(['a', 'b']),
    partial: fc.boolean(),
  })
  .map(declared)

// As sets: the order of keys, rules and modes says nothing.
const asSets = ({ rules, updates, ...rest }: EntitySchema) => ({
  ...rest,
  rules: rules.map(ruleName).toSorted(),
  updates: updates.toSorted(),
})

test(
  'reconciling is idempotent: a schema that has taken a definition in is not changed by it again, nor ' +
    'written again',
  () => {
    fc.assert(
      fc.property(fc.array(declarations, { minLength: 1, maxLength: 4 }), (processes) => {
        let stored: EntitySchema | undefined
        for (const each of processes) {
          const result = reconcile(stored, each)
          if ('problems' in result) continue
          expect(schemaOf(reconcile(result.schema, each))).toBe(result.schema)
          expect(schemaOf(reconcile(result.schema, JSON.parse(JSON.stringify(each)) as EntitySchema))).toBe(
            result.schema,
          )
          const read = JSON.parse(JSON.stringify(result.schema)) as EntitySchema
          expect(schemaOf(reconcile(read, each))).toBe(read)
          stored = result.schema
        }
      }),
      { numRuns: 300 },
    )
  },
)

test('two processes agree on one schema in either order, where neither contradicts the other', () => {
  let agreed = 0
  fc.assert(
    fc.property(declarations, declarations, (a, b) => {
      const [ab, ba] = [
        reconcile(schemaOf(reconcile(undefined, a)), b),
        reconcile(schemaOf(reconcile(undefined, b)), a),
      ]
      if ('problems' in ab || 'problems' in ba) return
      agreed++
      expect(asSets(ab.schema)).toEqual(asSets(ba.schema))
      // And side by side they let the row be: nobody overwrites the other's for ever.
      expect(schemaOf(reconcile(ab.schema, a))).toBe(ab.schema)
      expect(schemaOf(reconcile(ab.schema, b))).toBe(ab.schema)
    }),
    { numRuns: 500 },
  )
  expect(agreed).toBeGreaterThan(50)
})

test(
  'reconciling only grows: properties, rules and modes stay, and `required` holds for all stored ' + 'events',
  () => {
    fc.assert(
      fc.property(declarations, declarations, (a, b) => {
        const result = reconcile(a, b)
        if ('problems' in result) return
        const { schema } = result
        expect(Object.keys(schema.properties)).toEqual(
          expect.arrayContaining([...Object.keys(a.properties), ...Object.keys(b.properties)]),
        )
        expect(schema.rules.map(ruleName)).toEqual(
          expect.arrayContaining([...a.rules, ...b.rules].map(ruleName)),
        )
        expect(new Set(schema.rules.map(ruleName)).size).toBe(schema.rules.length)
        expect([...schema.updates]).toEqual(expect.arrayContaining([...a.updates, ...b.updates]))
        expect(schema.required.every((name) => a.required.includes(name) && b.required.includes(name))).toBe(
          true,
        )
        expect([schema.identifier, schema.timestamp]).toEqual([a.identifier, a.timestamp])
      }),
      { numRuns: 300 },
    )
  },
)

test('it conflicts exactly where a property is required now that stored events may lack', () => {
  fc.assert(
    fc.property(declarations, declarations, (a, b) => {
      expect(conflictsOf(reconcile(a, b)).map((each) => each.replace(/:.*/, ''))).toEqual(
        b.required.filter((name) => !a.required.includes(name)).map((name) => `SchemaConflict ${name}`),
      )
    }),
    { numRuns: 300 },
  )
})

const base = { id: y.string(), at: y.dateTime() }
const schema = (properties: { readonly [name: string]: Property }, more: object = {}): EntitySchema =>
  declaredSchema(
    entity('E', {
      properties: { ...base, ...properties },
      identifier: ['id'],
      timestamp: 'at',
      ...more,
    } as never).definition,
  )

test('a conflict names both sides, and all of them are told', () => {
  const stored = schema({
    a: y.optional(y.string()),
    o: y.optional(y.object({ x: y.integer(), l: y.list(y.string()) })),
    tenant: y.string(),
    when: y.dateTime(),
  })
  const brought = schema(
    {
      a: y.optional(y.decimal()),
      o: y.optional(y.object({ x: y.string(), l: y.list(y.date()) })),
      tenant: y.string(),
      when: y.dateTime(),
      fresh: y.boolean(),
    },
    { identifier: ['tenant', 'id'], timestamp: 'when' },
  )
  expect(conflictsOf(reconcile(stored, brought))).toEqual([
    'SchemaConflict identifier: stored events are identified by id, the definition says id, tenant',
    'SchemaConflict timestamp: stored events take their time from at, the definition says when',
    'SchemaConflict a: the stored schema says String, the definition says Decimal',
    'SchemaConflict o.x: the stored schema says Integer, the definition says String',
    'SchemaConflict o.l[]: the stored schema says String, the definition says Date',
    'SchemaConflict fresh: stored events may lack this property, the definition says it is required: ' +
      'make it optional',
  ])
  expect(
    conflictsOf(
      reconcile(schema({ mail: y.optional(y.string()) }), schema({ Mail: y.optional(y.string()) })),
    ),
  ).toEqual([expect.stringMatching(/^SchemaConflict Mail: differs only in case from mail/)])
})

test(
  'the order of the identifier is no contradiction, and a learned schema takes a declaration that ' +
    'demands no more',
  () => {
    const both = { a: y.string(), b: y.string() }
    expect(
      conflictsOf(
        reconcile(schema(both, { identifier: ['a', 'b'] }), {
          ...schema(both, { identifier: ['b', 'a'] }),
          identifier: ['b', 'a'],
        }),
      ),
    ).toEqual([])
    const learned = declaredSchema(entity('E', { identifier: ['id'], timestamp: 'at' }).definition)
    expect(learned).toEqual({
      properties: {},
      identifier: ['id'],
      timestamp: 'at',
      required: ['at', 'id'],
      rules: [{ by: 'history', ignore: [], format: 1 }],
      updates: ['full'],
    })
    expect(conflictsOf(reconcile(learned, schema({ a: y.optional(y.string()) })))).toEqual([])
    expect(conflictsOf(reconcile(learned, schema({ a: y.string() })))).toHaveLength(1)
    expect(schemaOf(reconcile(schema({ a: y.string() }), learned)).required).toEqual(['at', 'id'])
  },
)
