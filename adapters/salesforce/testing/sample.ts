// The local Salesforce's own objects: a Lead with a field of every type, an Account, a User, and objects with
// gaps that real orgs have.
import { systemFields, type Field, type SObject } from './objects.ts'

const address = (compound: string, prefix: string): readonly Field[] => [
  { name: compound, type: 'address' },
  ...(['Street', 'City', 'State', 'PostalCode', 'Country'] as const).map((part): Field => ({
    name: `${prefix}${part}`,
    type: part === 'Street' ? 'textarea' : 'string',
    compoundFieldName: compound,
  })),
  { name: `${prefix}Latitude`, type: 'double', precision: 18, scale: 15, compoundFieldName: compound },
  { name: `${prefix}Longitude`, type: 'double', precision: 18, scale: 15, compoundFieldName: compound },
]

const number = (value: unknown): number => Number(value ?? 0)

/** The object Lead, with a field of each type that matters. */
export const lead: SObject = {
  name: 'Lead',
  keyPrefix: '00Q',
  fields: [
    ...systemFields(),
    { name: 'Name', type: 'string', nillable: false },
    { name: 'Email', type: 'email' },
    { name: 'Phone', type: 'phone' },
    { name: 'Website', type: 'url' },
    { name: 'Description', type: 'textarea', length: 32_000, filterable: false },
    { name: 'Status', type: 'picklist', picklist: ['Open', 'Working', 'Converted'] },
    { name: 'Interests__c', type: 'multipicklist', picklist: ['A', 'B', 'C'] },
    { name: 'AnnualRevenue', type: 'currency', precision: 18, scale: 2 },
    { name: 'Discount__c', type: 'percent', precision: 5, scale: 2 },
    { name: 'NumberOfEmployees', type: 'int' },
    { name: 'Visits__c', type: 'long' },
    { name: 'HasOptedOut', type: 'boolean', nillable: false },
    { name: 'Birthday__c', type: 'date' },
    { name: 'LastCall__c', type: 'datetime' },
    { name: 'BestTime__c', type: 'time' },
    { name: 'Secret__c', type: 'encryptedstring' },
    { name: 'Extra__c', type: 'json' },
    { name: 'Photo__c', type: 'base64' },
    { name: 'AccountId', type: 'reference', referenceTo: ['Account'], relationshipName: 'Account' },
    {
      name: 'OwnerId',
      type: 'reference',
      referenceTo: ['Group', 'User'],
      relationshipName: 'Owner',
      nillable: false,
    },
    ...address('Address', ''),
    { name: 'Place__c', type: 'location' },
    { name: 'Place__Latitude__s', type: 'double', precision: 18, scale: 15, compoundFieldName: 'Place__c' },
    { name: 'Place__Longitude__s', type: 'double', precision: 18, scale: 15, compoundFieldName: 'Place__c' },
    {
      name: 'Weighted__c',
      type: 'currency',
      precision: 18,
      scale: 2,
      formula: (values, { settings }) => number(values['AnnualRevenue']) * number(settings['rate'] ?? 1),
    },
  ],
}

/** The object Account, a parent of Lead. */
export const account: SObject = {
  name: 'Account',
  keyPrefix: '001',
  fields: [
    ...systemFields(),
    { name: 'Name', type: 'string', nillable: false },
    { name: 'Industry', type: 'picklist', picklist: ['Energy', 'Media'] },
    { name: 'AnnualRevenue', type: 'currency', precision: 18, scale: 0 },
    { name: 'OwnerId', type: 'reference', referenceTo: ['User'], relationshipName: 'Owner', nillable: false },
    ...address('BillingAddress', 'Billing'),
  ],
}

/** People: never in the recycle bin, so neither `IsDeleted` nor a master record. */
export const user: SObject = {
  name: 'User',
  keyPrefix: '005',
  fields: [
    ...systemFields('IsDeleted', 'MasterRecordId'),
    { name: 'Name', type: 'string', nillable: false },
    { name: 'IsActive', type: 'boolean', nillable: false },
  ],
}

/** A history object: no stamp but `CreatedDate`, not replicateable, unknown to Bulk. */
export const leadHistory: SObject = {
  name: 'LeadHistory',
  keyPrefix: '017',
  replicateable: false,
  bulk: false,
  fields: [
    ...systemFields('MasterRecordId', 'LastModifiedDate', 'SystemModstamp'),
    { name: 'LeadId', type: 'reference', referenceTo: ['Lead'], relationshipName: 'Lead' },
    { name: 'Field', type: 'picklist' },
    { name: 'OldValue', type: 'anyType', filterable: false },
    { name: 'NewValue', type: 'anyType', filterable: false },
  ],
}

/** A stamp that cannot be filtered, as `ActivityFieldHistory` has it; only whole reads are left. */
export const activity: SObject = {
  name: 'Activity__c',
  keyPrefix: 'a00',
  replicateable: false,
  fields: [
    { name: 'Id', type: 'id', nillable: false },
    { name: 'SystemModstamp', type: 'datetime', filterable: false },
    { name: 'LastModifiedDate', type: 'datetime', filterable: false },
    { name: 'CreatedDate', type: 'datetime', filterable: false },
    { name: 'Subject__c', type: 'string' },
  ],
}

/** What a local Salesforce has unless it is told otherwise. */
export const sampleObjects: readonly SObject[] = [lead, account, user, leadHistory, activity]
