// Cells as the wire values of an entity's types: what does not fit is found when the update is submitted.
import type { AnyEntity, EntityPropertyValue, PropertyType, Update, Yadto } from 'dreampipe'

const wireOf = (type: PropertyType, isOptional: boolean, text: string): EntityPropertyValue => {
  if (text === '' && (isOptional || type !== 'String')) return { propertyType: type, value: null }
  return {
    propertyType: type,
    value:
      type === 'Boolean'
        ? text.toLowerCase()
        : type === 'DateTime' && /^\d{4}-\d{2}-\d{2}$/.test(text)
          ? `${text}T00:00:00Z`
          : text,
  }
}

/** Makes updates of rows: each column is the property of its name. Throws where text cannot say its type. */
export const typed =
  (entity: AnyEntity, source: string) =>
  (columns: readonly string[], cells: readonly string[]): Update => {
    const { properties } = entity.definition
    const yadto: [string, EntityPropertyValue][] = [
      ['eventSource', { propertyType: 'String', value: source }],
    ]
    for (const [i, name] of columns.entries()) {
      const spec = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined
      if (spec?.type === 'List' || spec?.type === 'EmbeddedObject')
        throw new TypeError(`column ${name} is a ${spec.type}, which text does not say: give a normalise`)
      yadto.push([name, wireOf(spec?.type ?? 'String', spec?.mode === 'optional', cells[i] as string)])
    }
    return { entity: entity.name, operation: 'upsert', yadto: Object.fromEntries(yadto) as Yadto }
  }
