// Admits an update: decoded, checked against its entity's definition, named, and ready for the event store.
import { hash } from 'node:crypto'
import { E } from '../fp.ts'
import type { Candidate, Mark } from './candidate.ts'
import { carriedBy } from './carried.ts'
import { checkSize } from './decode-value.ts'
import { readYadto, type Metadata } from './decode.ts'
import { checkDeclared } from './declared.ts'
import type { Definition } from './definition.ts'
import { invalidUpdate, type InvalidUpdate } from './errors.ts'
import { entityIdOf } from './identity.ts'
import { canonicalInstant, instantOfDate } from './instant.ts'
import { limits } from './limits.ts'
import { pathAndAround, problem, type Problem } from './problem.ts'
import { growAll, ruleName, type EntitySchema, type PropertySchemas, type Rule } from './schema.ts'
import type { EntityPropertyValue, Yadto } from './yadto.ts'

/** An update that passed every check but the schema's: that one belongs to the moment of appending. */
export interface Admitted {
  readonly definition: Definition
  readonly entityId: string
  readonly occurredAt: string
  readonly metadata: Metadata
  readonly content: Yadto
}

/** What a caller hands in: raw wire form, or what a builder made. */
export interface Submitted {
  readonly entity: string
  readonly yadto: unknown
  readonly problems?: readonly Problem[]
  readonly at?: unknown
}

const scalarKeys: ReadonlySet<string> = new Set([
  'String',
  'Boolean',
  'Integer',
  'Double',
  'Decimal',
  'DateTime',
  'Date',
  'Time',
])

// A property may bear a name that every object inherits (`constructor`).
const own = (content: Yadto, name: string): EntityPropertyValue | undefined =>
  Object.hasOwn(content, name) ? content[name] : undefined

// The (property, text) pairs that name the entity; a key that is missing or no plain scalar is a problem.
const keyPairs = (
  definition: Definition,
  content: Yadto,
  problems: Problem[],
): readonly (readonly [string, string])[] => {
  const pairs: (readonly [string, string])[] = []
  for (const name of definition.identifier) {
    const value = own(content, name)
    if (value === undefined || value.value === null)
      problems.push(problem('Missing', name, 'is part of the identifier: every update carries it'))
    else if (!scalarKeys.has(value.propertyType))
      problems.push(
        problem('WrongType', name, `is part of the identifier and cannot be ${value.propertyType}`),
      )
    else pairs.push([name, value.value as string])
  }
  return pairs
}

// The instant of a millisecond, remembered: many updates are admitted within one.
const latestAt = ((): ((millis: number) => string | undefined) => {
  let known = { millis: NaN, instant: undefined as string | undefined }
  return (millis) => {
    if (known.millis !== millis) known = { millis, instant: instantOfDate(new Date(millis)) }
    return known.instant
  }
})()

const occurredAtOf = (
  definition: Definition,
  content: Yadto,
  maxAhead: number,
  problems: Problem[],
): string => {
  const { timestamp } = definition
  const value: EntityPropertyValue | undefined = own(content, timestamp)
  const say = (code: 'Missing' | 'BadTimestamp', message: string): string => {
    problems.push(problem(code, timestamp, message))
    return ''
  }
  if (value === undefined || value.value === null)
    return say('Missing', 'is the timestamp: every update carries it')
  const instant =
    value.propertyType === 'DateTime'
      ? (value.value as string)
      : value.propertyType === 'String'
        ? canonicalInstant(value.value as string)
        : undefined
  if (instant === undefined)
    return say(
      'BadTimestamp',
      'the timestamp is a DateTime, or a String that holds an ISO 8601 instant with an offset',
    )
  const latest = latestAt(Date.now() + maxAhead)
  return latest !== undefined && instant > latest
    ? say('BadTimestamp', `lies more than ${Math.round(maxAhead / 1000)} s ahead of the clock`)
    : instant
}

// What later checks say of a path that has a problem already, or of what lies around it, would only repeat
// it.
const joined = (...found: readonly (readonly Problem[])[]): readonly Problem[] => {
  const all: Problem[] = []
  const paths = new Set<string>()
  for (const problems of found) {
    const fresh = problems.filter(({ path }) => !paths.has(path))
    all.push(...fresh)
    for (const { path } of fresh) for (const at of pathAndAround(path)) paths.add(at)
  }
  return all
}

/**
 * Decodes and checks an update; on the left everything that is wrong with it, as one error. `known` is the
 * schema in use, if it is loaded.
 */
export const admit = (
  definition: Definition,
  submitted: Submitted,
  known: PropertySchemas | undefined,
  maxAhead: number,
): E.Either<InvalidUpdate, Admitted> => {
  const {
    decoded: { content, metadata },
    problems: unreadable,
  } = readYadto(submitted.yadto)
  const problems: Problem[] = []
  const built = carriedBy(submitted)
  // Of an update that cannot be read at all there is nothing more to say than its maker knew.
  if (unreadable.some(({ path }) => path === ''))
    return E.left(invalidUpdate(definition.name, built.length > 0 ? built : unreadable))
  const pairs = keyPairs(definition, content, problems)
  const occurredAt = occurredAtOf(definition, content, maxAhead, problems)
  checkDeclared(definition, content, metadata.operation, problems)
  if ((problems.length > 0 || unreadable.length > 0) && known !== undefined)
    growAll(known, content, '', problems)
  const isFine = built.length === 0 && unreadable.length === 0 && problems.length === 0
  return isFine
    ? E.right({ definition, entityId: entityIdOf(definition.name, pairs), occurredAt, metadata, content })
    : E.left(invalidUpdate(definition.name, joined(built, unreadable, problems)))
}

// Canonical text of one property; the fragments joined are the payload.
const fragment = (name: string, value: EntityPropertyValue): string => {
  const { value: text } = value
  // A scalar by hand, which is what nearly every property is: `propertyType`, then `value`, as decoding makes
  // them.
  return typeof text === 'string'
    ? `"${name}":{"propertyType":"${value.propertyType}","value":${JSON.stringify(text)}}`
    : `"${name}":${JSON.stringify(value)}`
}

const sha256 = (text: string): string => hash('sha256', text, 'hex')

/**
 * The marks of content under a rule: SHA-256 over rule, operation and the canonical content, ignored
 * properties left out.
 */
const markOf = (
  rule: Rule,
  { definition, metadata, content }: Admitted,
  fragments: readonly string[],
): Mark => {
  const name = ruleName(rule)
  let text = `${name}\n${metadata.operation}\n`
  let time = ''
  let at = 0
  for (const property in content) {
    const part = fragments[at++] as string
    if (property === definition.timestamp) time = part
    else if (!rule.ignore.includes(property)) text += `${part},`
  }
  const digest = sha256(text)
  return { rule: name, content: digest, fingerprint: sha256(`${digest}\n${time}`) }
}

/**
 * The update's candidate under the rules that its entity has used; `payload` is the content to store, where a
 * transform added to it.
 */
export const candidateOf = (
  admitted: Admitted,
  schema: EntitySchema,
  payload?: Yadto,
): E.Either<InvalidUpdate, Candidate> => {
  const { definition, entityId, occurredAt, metadata, content } = admitted
  const fragments: string[] = []
  for (const name in content) fragments.push(fragment(name, content[name] as EntityPropertyValue))
  const text = payload === undefined ? `{${fragments.join(',')}}` : JSON.stringify(payload)
  const problems: Problem[] = []
  checkSize(text, limits.eventBytes, '', 'the event', problems)
  if (problems.length > 0) return E.left(invalidUpdate(definition.name, problems))
  const current: Rule = { by: definition.by, ignore: definition.ignore, format: 1 }
  const name = ruleName(current)
  const older =
    schema.rules.length === 1 && ruleName(schema.rules[0] as Rule) === name
      ? []
      : schema.rules.filter((rule) => ruleName(rule) !== name)
  return E.right({
    entity: definition.name,
    entityId,
    occurredAt,
    by: definition.by,
    kind: metadata.operation === 'delete' ? 'delete' : definition.updates,
    source: metadata.source,
    ...(metadata.version === undefined ? {} : { version: metadata.version }),
    ...(metadata.correlationId === undefined ? {} : { correlationId: metadata.correlationId }),
    payload: text,
    marks: [
      markOf(current, admitted, fragments),
      ...older.map((rule): Mark => ({
        ...markOf(rule, admitted, fragments),
        ...(rule.ignore.every((ignored) => definition.ignore.includes(ignored)) ? {} : { loose: true }),
      })),
    ],
  })
}
