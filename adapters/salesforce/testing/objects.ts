// What an object of the local Salesforce is made of: fields as describe tells them, and formulas evaluated
// when they are read.

/** A field's `type`, as describe says it. */
export type FieldType =
  | 'id'
  | 'reference'
  | 'string'
  | 'textarea'
  | 'phone'
  | 'url'
  | 'email'
  | 'picklist'
  | 'multipicklist'
  | 'combobox'
  | 'encryptedstring'
  | 'boolean'
  | 'int'
  | 'long'
  | 'double'
  | 'currency'
  | 'percent'
  | 'date'
  | 'datetime'
  | 'time'
  | 'address'
  | 'location'
  | 'base64'
  | 'anyType'
  | 'json'

/** A field's value as the local Salesforce keeps it; numbers whose digits count are texts. */
export type Value = string | number | boolean | null
/** A record's values by field name. */
export type Values = { readonly [field: string]: Value }
/**
 * What formulas read beside their own record: the server's clock and settings that change without touching
 * any record.
 */
export interface World {
  readonly now: () => number
  readonly settings: { readonly [name: string]: Value }
}

/** A field as describe tells of it. */
export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly length?: number
  readonly precision?: number
  readonly scale?: number
  readonly nillable?: boolean
  readonly filterable?: boolean
  readonly sortable?: boolean
  readonly custom?: boolean
  /** The compound that this field is a part of. */
  readonly compoundFieldName?: string
  readonly referenceTo?: readonly string[]
  readonly relationshipName?: string
  readonly picklist?: readonly string[]
  /** Evaluated whenever the record is read: a change of its value touches no stamp. */
  readonly formula?: (values: Values, world: World) => Value
}

/** An object: its fields, and what can be asked of it. */
export interface SObject {
  readonly name: string
  readonly keyPrefix: string
  readonly fields: readonly Field[]
  /** Whether `updated` and `deleted` answer. */
  readonly replicateable?: boolean
  /** Whether Bulk 2.0 knows it. */
  readonly bulk?: boolean
}

const soapTypes: { readonly [T in FieldType]: string } = {
  id: 'tns:ID',
  reference: 'tns:ID',
  string: 'xsd:string',
  textarea: 'xsd:string',
  phone: 'xsd:string',
  url: 'xsd:string',
  email: 'xsd:string',
  picklist: 'xsd:string',
  multipicklist: 'xsd:string',
  combobox: 'xsd:string',
  encryptedstring: 'xsd:string',
  boolean: 'xsd:boolean',
  int: 'xsd:int',
  long: 'xsd:long',
  double: 'xsd:double',
  currency: 'xsd:double',
  percent: 'xsd:double',
  date: 'xsd:date',
  datetime: 'xsd:dateTime',
  time: 'xsd:time',
  address: 'urn:address',
  location: 'urn:location',
  base64: 'xsd:base64Binary',
  anyType: 'xsd:anyType',
  json: 'tns:json',
}

export const isCompound = ({ type }: Field): boolean => type === 'address' || type === 'location'
export const isNumber = ({ type }: Field): boolean =>
  type === 'int' || type === 'long' || type === 'double' || type === 'currency' || type === 'percent'

/** A field as `describe` answers it. */
const describedField = (field: Field): object => ({
  aggregatable: true,
  aiPredictionField: false,
  autoNumber: false,
  byteLength: (field.length ?? 0) * 3,
  calculated: field.formula !== undefined,
  calculatedFormula: null,
  cascadeDelete: false,
  caseSensitive: false,
  compoundFieldName: field.compoundFieldName ?? null,
  controllerName: null,
  createable: field.formula === undefined,
  custom: field.custom ?? field.name.endsWith('__c'),
  defaultValue: null,
  defaultedOnCreate: false,
  dependentPicklist: false,
  deprecatedAndHidden: false,
  digits: field.type === 'int' ? 8 : 0,
  encrypted: field.type === 'encryptedstring',
  externalId: false,
  extraTypeInfo: null,
  filterable: field.filterable ?? !['address', 'location', 'base64', 'json'].includes(field.type),
  groupable: true,
  highScaleNumber: false,
  htmlFormatted: false,
  idLookup: field.type === 'id',
  label: field.name,
  length: field.length ?? (['id', 'reference'].includes(field.type) ? 18 : field.type === 'string' ? 255 : 0),
  name: field.name,
  nameField: field.name === 'Name',
  namePointing: (field.referenceTo?.length ?? 0) > 1,
  nillable: field.nillable ?? true,
  permissionable: false,
  picklistValues: (field.picklist ?? []).map((value) => ({
    active: true,
    defaultValue: false,
    label: value,
    validFor: null,
    value,
  })),
  polymorphicForeignKey: (field.referenceTo?.length ?? 0) > 1,
  precision: field.precision ?? 0,
  queryByDistance: false,
  referenceTargetField: null,
  referenceTo: field.referenceTo ?? [],
  relationshipName: field.relationshipName ?? null,
  relationshipOrder: null,
  restrictedPicklist: false,
  scale: field.scale ?? 0,
  searchPrefilterable: false,
  soapType: soapTypes[field.type],
  sortable:
    field.sortable ??
    !['address', 'location', 'base64', 'json', 'textarea', 'multipicklist'].includes(field.type),
  type: field.type,
  unique: false,
  updateable: field.formula === undefined,
  writeRequiresMasterRead: false,
})

/** An object as `describe` answers it, below `/services/data/vNN.0`. */
export const described = (object: SObject, base: string): object => ({
  actionOverrides: [],
  activateable: false,
  childRelationships: [],
  compactLayoutable: true,
  createable: true,
  custom: object.name.endsWith('__c'),
  customSetting: false,
  deletable: true,
  fields: object.fields.map(describedField),
  hasSubtypes: false,
  keyPrefix: object.keyPrefix,
  label: object.name,
  labelPlural: `${object.name}s`,
  layoutable: true,
  mergeable: true,
  name: object.name,
  queryable: true,
  recordTypeInfos: [],
  replicateable: object.replicateable ?? true,
  retrieveable: true,
  searchable: true,
  triggerable: true,
  undeletable: true,
  updateable: true,
  urls: {
    sobject: `${base}/sobjects/${object.name}`,
    describe: `${base}/sobjects/${object.name}/describe`,
    rowTemplate: `${base}/sobjects/${object.name}/{ID}`,
  },
})

/** The fields that every ordinary object has. */
export const systemFields = (...but: readonly string[]): readonly Field[] =>
  (
    [
      { name: 'Id', type: 'id', nillable: false },
      { name: 'IsDeleted', type: 'boolean', nillable: false },
      { name: 'MasterRecordId', type: 'reference', referenceTo: ['Lead'], relationshipName: 'MasterRecord' },
      { name: 'CreatedDate', type: 'datetime', nillable: false },
      { name: 'LastModifiedDate', type: 'datetime', nillable: false },
      { name: 'SystemModstamp', type: 'datetime', nillable: false },
    ] satisfies readonly Field[]
  ).filter(({ name }) => !but.includes(name))
