// Reads wire values: one pass over anything at all, with every problem at its path and the canonical value
// out.
import { exceeds, limits } from './limits.ts'
import { badName } from './name.ts'
import { child, element, problem, type Problem, type ProblemCode } from './problem.ts'
import { canonicalScalar } from './scalar.ts'
import { isPropertyType, type EntityPropertyValue, type PropertyType, type Yadto } from './yadto.ts'

/**
 * What one reading of an update collects: problems, and the size so far, so that a huge or endless input ends
 * early.
 */
export interface Reading {
  readonly problems: Problem[]
  bytes: number
}

export const newReading = (): Reading => ({ problems: [], bytes: 0 })

// And one more, which says that the update is too large.
const mostProblems = 999

/** Whether reading should stop: nothing more needs to be known about this update. */
export const isHopeless = (reading: Reading): boolean =>
  reading.bytes > limits.eventBytes * 2 || reading.problems.length >= mostProblems

const say = (reading: Reading, code: ProblemCode, path: string, message: string): undefined => {
  if (reading.problems.length < mostProblems) reading.problems.push(problem(code, path, message))
}

type Wire = { readonly [field: string]: unknown }

/** Whether a value is a JSON object: no array, no Date, no Map. */
export const isPlainObject = (value: unknown): value is Wire => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype = Object.getPrototypeOf(value) as object | null
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

const fields: ReadonlySet<string> = new Set(['propertyType', 'value', 'values', 'embeddedEntity'])

const typeOf = (wire: Wire, path: string, reading: Reading): PropertyType | undefined => {
  const type = wire['propertyType'] === 'Long' ? 'Integer' : wire['propertyType']
  if (isPropertyType(type)) return type
  return say(
    reading,
    'WrongType',
    path,
    type === undefined
      ? 'has no propertyType'
      : `${typeof type === 'string' ? JSON.stringify(type.slice(0, 40)) : typeof type} is no propertyType`,
  )
}

// The field that the type does not use must be absent or null: what stood there would be lost.
const checkFields = (wire: Wire, used: string, path: string, reading: Reading): void => {
  for (const field in wire) {
    if (isHopeless(reading)) return
    if (field === 'propertyType' || field === used) continue
    if (!fields.has(field))
      say(
        reading,
        'WrongType',
        path,
        `has a field ${JSON.stringify(field.slice(0, 40))} that YADTO does not know`,
      )
    else if (wire[field] !== null && wire[field] !== undefined)
      say(reading, 'WrongType', path, `${String(wire['propertyType'])} carries no ${field}`)
  }
}

/**
 * The canonical form of one wire value, or undefined with the problems added. `depth` is 1 for a property of
 * the entity.
 */
const readValue = (
  wire: unknown,
  path: string,
  depth: number,
  reading: Reading,
): EntityPropertyValue | undefined => {
  if (!isPlainObject(wire)) return say(reading, 'WrongType', path, 'expects an object with a propertyType')
  const type = typeOf(wire, path, reading)
  if (type === undefined) return undefined
  if (depth > limits.depth)
    return say(reading, 'TooDeep', path, `is nested deeper than ${limits.depth} levels`)
  reading.bytes += 30
  if (type === 'List') return readList(wire, path, depth, reading)
  if (type === 'EmbeddedObject') return readObject(wire, path, depth, reading)
  checkFields(wire, 'value', path, reading)
  const value = wire['value']
  if (value === null || value === undefined) return { propertyType: type, value: null }
  const scalar = canonicalScalar(type, value)
  if (typeof scalar !== 'string') return say(reading, scalar.code, path, scalar.message)
  reading.bytes += scalar.length
  return { propertyType: type, value: scalar }
}

const readList = (
  wire: Wire,
  path: string,
  depth: number,
  reading: Reading,
): EntityPropertyValue | undefined => {
  checkFields(wire, 'values', path, reading)
  const values = wire['values']
  if (values === null || values === undefined) return { propertyType: 'List', value: null }
  if (!Array.isArray(values)) return say(reading, 'WrongType', path, 'a List has an array of values')
  const read: EntityPropertyValue[] = []
  const before = reading.problems.length
  for (let i = 0; i < values.length; i++) {
    if (isHopeless(reading)) return undefined
    const at = element(path, i)
    const item = readValue(values[i], at, depth + 1, reading)
    if (item === undefined) continue
    if (item.propertyType === 'List')
      say(reading, 'ListOfLists', at, 'a List cannot hold Lists: no engine stores them')
    else if (item.value === null) say(reading, 'WrongType', at, 'a List has no null elements')
    else if (read.length > 0 && item.propertyType !== (read[0] as EntityPropertyValue).propertyType) {
      say(
        reading,
        'WrongType',
        at,
        `is ${item.propertyType} in a List of ${(read[0] as EntityPropertyValue).propertyType}: all ` +
          `elements have one type`,
      )
    } else read.push(item)
  }
  // With an element left out, the others would stand at other places than they came in.
  return reading.problems.length === before ? { propertyType: 'List', values: read } : undefined
}

const readObject = (
  wire: Wire,
  path: string,
  depth: number,
  reading: Reading,
): EntityPropertyValue | undefined => {
  checkFields(wire, 'embeddedEntity', path, reading)
  const embedded = wire['embeddedEntity']
  if (embedded === null || embedded === undefined) return { propertyType: 'EmbeddedObject', value: null }
  if (!isPlainObject(embedded)) return say(reading, 'WrongType', path, 'embeddedEntity expects an object')
  return {
    propertyType: 'EmbeddedObject',
    embeddedEntity: readMap(embedded, path, depth + 1, reading, badName),
  }
}

/** The canonical map of a wire map: names checked and sorted. */
export const readMap = (
  wire: Wire,
  path: string,
  depth: number,
  reading: Reading,
  bad: (name: string) => string | undefined,
): Yadto => {
  const yadto: { [name: string]: EntityPropertyValue } = {}
  for (const name of Object.keys(wire).sort()) {
    if (isHopeless(reading)) break
    const why = bad(name)
    if (why !== undefined) {
      say(reading, 'BadName', child(path, name), why)
      continue
    }
    reading.bytes += name.length
    const value = readValue(wire[name], path === '' ? name : `${path}.${name}`, depth, reading)
    if (value !== undefined) yadto[name] = value
  }
  return yadto
}

/** Adds `TooLarge` where a text has more UTF-8 bytes than allowed. */
export const checkSize = (
  text: string,
  most: number,
  path: string,
  what: string,
  problems: Problem[],
): void => {
  if (exceeds(text, most))
    problems.push(problem('TooLarge', path, `${what} has more than ${most.toLocaleString('en')} bytes`))
}
