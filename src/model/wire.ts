// Between JavaScript values and wire values, by a property's declaration: `toWire` writes, `fromWire` reads.
import { instantOfDate } from './instant.ts'
import { exactJson } from './json-exact.ts'
import { limits } from './limits.ts'
import { child, element, problem, type Problem } from './problem.ts'
import { canonicalScalar, notA, type Scalar } from './scalar.ts'
import { readBy, type PropertySpec } from './spec.ts'
import { isNull, type EntityPropertyValue, type ScalarType, type Yadto } from './yadto.ts'

const nullOf = (spec: PropertySpec): EntityPropertyValue => ({ propertyType: spec.type, value: null })

// What cannot be written travels as a value that decoding rejects too, should the problem be lost on the way.
const unwritable = ({ type }: PropertySpec): EntityPropertyValue => ({
  propertyType: type,
  value: type === 'String' ? '\ud800' : '(invalid)',
})

export const isDate = (value: unknown): value is Date =>
  Object.prototype.toString.call(value) === '[object Date]'
const isBytes = (value: unknown): value is Uint8Array =>
  ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]'

// JSON has no NaN and no Infinity, and JSON.stringify would write null in their place.
const onlyNumbers = (_key: string, value: unknown): unknown => {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('no JSON number')
  return value
}

// The text of a scalar, not yet canonical; undefined where the value has none.
const textOf = (spec: PropertySpec, value: unknown): unknown => {
  if (spec.type === 'Json')
    return JSON.stringify(spec.codec === undefined ? value : spec.codec.encode(value as never), onlyNumbers)
  if (spec.codec !== undefined) return spec.codec.encode(value as never)
  if (typeof value === 'bigint')
    return spec.type === 'Integer' || spec.type === 'Decimal' ? String(value) : value
  if (typeof value === 'number') return spec.type === 'Double' ? String(value === 0 ? 0 : value) : value
  if (spec.type === 'DateTime' && isDate(value)) return instantOfDate(value)
  if (spec.type === 'Bytes')
    return isBytes(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
      : undefined
  return value
}

/** The canonical text of a scalar that a caller gave, or what is wrong with it. */
export const textOfValue = (spec: PropertySpec, value: unknown): Scalar => {
  const text = textOf(spec, value)
  return text === undefined
    ? notA(spec.type as ScalarType, value)
    : canonicalScalar(spec.type as ScalarType, text)
}

const scalarToWire = (
  spec: PropertySpec,
  value: unknown,
  path: string,
  problems: Problem[],
): EntityPropertyValue => {
  const type = spec.type as ScalarType
  const scalar = textOfValue(spec, value)
  if (typeof scalar === 'string') return { propertyType: type, value: scalar }
  problems.push(problem(scalar.code, path, scalar.message))
  return unwritable(spec)
}

/** The wire value of what a caller gave; what is wrong is added to `problems`, nothing is thrown. */
export const toWire = (
  spec: PropertySpec,
  value: unknown,
  path: string,
  problems: Problem[],
): EntityPropertyValue => {
  if (value === null || value === undefined) {
    if (spec.mode === 'required')
      problems.push(
        problem('Missing', path, `a required ${spec.type} is ${value === null ? 'null' : 'missing'}`),
      )
    return nullOf(spec)
  }
  try {
    if (spec.type === 'List') return listToWire(spec, value, path, problems)
    if (spec.type === 'EmbeddedObject') return objectToWire(spec, value, path, problems)
    return scalarToWire(spec, value, path, problems)
  } catch {
    problems.push(problem('WrongType', path, `this value cannot be written as ${spec.type}`))
    return unwritable(spec)
  }
}

const listToWire = (
  spec: PropertySpec,
  value: unknown,
  path: string,
  problems: Problem[],
): EntityPropertyValue => {
  const { element: of } = spec
  if (!Array.isArray(value) || of === undefined) {
    problems.push(problem('WrongType', path, 'List expects an array'))
    return unwritable(spec)
  }
  if (value.length > limits.eventBytes) {
    problems.push(problem('TooLarge', path, `a List of ${value.length} elements exceeds any event`))
    return unwritable(spec)
  }
  // By index, not by map: a hole in a sparse array is a missing element.
  return {
    propertyType: 'List',
    values: Array.from({ length: value.length }, (_, index) =>
      toWire(of, value[index], element(path, index), problems),
    ),
  }
}

const objectToWire = (
  spec: PropertySpec,
  value: unknown,
  path: string,
  problems: Problem[],
): EntityPropertyValue => {
  // No array, Date, Map and so on: their content is not in their properties, and would be lost.
  if (Object.prototype.toString.call(value) !== '[object Object]') {
    problems.push(problem('WrongType', path, 'EmbeddedObject expects an object'))
    return unwritable(spec)
  }
  return {
    propertyType: 'EmbeddedObject',
    embeddedEntity: mapToWire(
      spec.fields ?? {},
      value as { readonly [name: string]: unknown },
      path,
      problems,
    ),
  }
}

/**
 * The wire map of an object's declared properties; what is not declared is a problem, a property left
 * undefined is left out.
 */
export const mapToWire = (
  specs: { readonly [name: string]: PropertySpec },
  values: { readonly [name: string]: unknown },
  path: string,
  problems: Problem[],
): Yadto => {
  const yadto: { [name: string]: EntityPropertyValue } = {}
  for (const name of Object.keys(values)) {
    const value = values[name]
    if (value === undefined) continue
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined
    if (spec === undefined)
      problems.push(problem('UnknownProperty', child(path, name), 'this property is not declared'))
    else yadto[name] = toWire(spec, value, child(path, name), problems)
  }
  return yadto
}

/** What cannot be read as declared: an Integer beyond the safe numbers, a text that its codec refuses. */
export interface Unreadable {
  readonly path: string
  readonly message: string
}

type Fail = (unreadable: Unreadable) => never

const scalarFromWire = (
  spec: PropertySpec | undefined,
  type: ScalarType,
  text: string,
  path: string,
  fail: Fail,
): unknown => {
  const plain = plainScalar(type, text, spec?.bigint === true, path, fail)
  if (spec?.codec === undefined) return plain
  const decoded = readBy(spec.codec, plain)
  return decoded._tag === 'Right'
    ? decoded.right
    : fail({ path, message: `${spec.codec.name} does not accept the stored value` })
}

const plainScalar = (type: ScalarType, text: string, bigint: boolean, path: string, fail: Fail): unknown => {
  switch (type) {
    case 'Boolean':
      return text === 'true'
    case 'Integer': {
      if (bigint) return BigInt(text)
      const value = Number(text)
      return Number.isSafeInteger(value)
        ? value
        : fail({ path, message: `${text} is no safe number: declare the property with y.bigint()` })
    }
    case 'Double':
      return Number(text)
    case 'Bytes':
      return new Uint8Array(Buffer.from(text, 'base64'))
    case 'Json':
      return exactJson(text)
    default:
      return text
  }
}

/**
 * The JavaScript value of a wire value: as declared, or by its own type where nothing is (a bigint where a
 * number would round).
 */
const fromWire = (
  spec: PropertySpec | undefined,
  value: EntityPropertyValue,
  path: string,
  fail: Fail,
): unknown => {
  if (isNull(value)) return null
  if (value.propertyType === 'List')
    return (value.values ?? []).map((item, index) =>
      fromWire(spec?.element, item, element(path, index), fail),
    )
  if (value.propertyType === 'EmbeddedObject')
    return mapFromWire(spec?.fields, value.embeddedEntity ?? {}, path, fail)
  const text = value.value as string
  if (spec === undefined && value.propertyType === 'Integer' && !Number.isSafeInteger(Number(text)))
    return BigInt(text)
  return scalarFromWire(spec, value.propertyType, text, path, fail)
}

/** The JavaScript object of a wire map. */
export const mapFromWire = (
  specs: { readonly [name: string]: PropertySpec } | undefined,
  yadto: Yadto,
  path: string,
  fail: Fail,
): { [name: string]: unknown } => {
  const values: { [name: string]: unknown } = {}
  for (const name in yadto) {
    const spec = specs !== undefined && Object.hasOwn(specs, name) ? specs[name] : undefined
    values[name] = fromWire(spec, yadto[name] as EntityPropertyValue, child(path, name), fail)
  }
  return values
}
