"""One API, written in four dialects of OpenAPI: whoever reads them must see the same."""

SWAGGER_2 = """\
swagger: '2.0'
info: {title: Library, version: '1'}
host: api.library.example
basePath: /v1
consumes: [application/json]
produces: [application/json]
securityDefinitions:
  basic: {type: basic}
  key: {type: apiKey, in: header, name: X-Key}
security:
  - key: []
parameters:
  Limit:
    name: limit
    in: query
    type: integer
    minimum: 0
    exclusiveMinimum: true
    maximum: 100
    default: 20
responses:
  Missing:
    description: There is none.
    schema: {$ref: '#/definitions/Problem'}
paths:
  /books:
    parameters:
      - $ref: '#/parameters/Limit'
    get:
      operationId: listBooks
      tags: [books]
      security: []
      parameters:
        - {name: genre, in: query, type: array, items: {type: string}}
      responses:
        200:
          description: A page.
          headers: {X-Total: {type: integer}}
          schema: {type: array, items: {$ref: '#/definitions/Book'}}
        default: {$ref: '#/responses/Missing'}
    post:
      operationId: addBook
      deprecated: true
      security:
        - basic: []
        - key: []
      parameters:
        - name: book
          in: body
          required: true
          schema: {$ref: '#/definitions/Book'}
      responses:
        201: {description: Made., schema: {$ref: '#/definitions/Book'}}
  /books/{id}/cover:
    parameters:
      - {name: id, in: path, required: true, type: string, format: uuid}
    put:
      x-rate-limit: 10/minute
      consumes: [multipart/form-data]
      parameters:
        - {name: image, in: formData, type: file, required: true}
        - {name: caption, in: formData, type: string, maxLength: 80}
      responses:
        204: {description: Stored.}
        404: {$ref: '#/responses/Missing'}
definitions:
  Problem:
    type: object
    required: [detail]
    properties:
      detail: {type: string}
  Book:
    allOf:
      - $ref: '#/definitions/Problem'
      - type: object
        required: [title]
        additionalProperties: false
        properties:
          title: {type: string, minLength: 1}
          isbn: {type: string, pattern: '^[0-9]{13}$', x-nullable: true}
          state: {type: string, enum: [new, used]}
          kind: {enum: [book]}
          next: {allOf: [{$ref: '#/definitions/Book'}], x-nullable: true}
"""

OPENAPI_3_0 = """\
openapi: 3.0.3
info: {title: Library, version: '1'}
servers:
  - url: https://{host}/{base}
    variables:
      host: {default: api.library.example}
      base: {default: v1}
components:
  securitySchemes:
    basic: {type: http, scheme: Basic}
    key: {type: apiKey, in: header, name: X-Key}
  parameters:
    Limit:
      name: limit
      in: query
      schema: {type: integer, minimum: 0, exclusiveMinimum: true, maximum: 100, default: 20}
  responses:
    Missing:
      description: There is none.
      content:
        application/json:
          schema: {$ref: '#/components/schemas/Problem'}
  headers:
    Total: {schema: {type: integer}}
  schemas:
    Problem:
      type: object
      required: [detail]
      properties:
        detail: {type: string}
    Book:
      allOf:
        - $ref: '#/components/schemas/Problem'
        - type: object
          required: [title]
          additionalProperties: false
          properties:
            title: {type: string, minLength: 1}
            isbn: {type: string, pattern: '^[0-9]{13}$', nullable: true}
            state: {type: string, enum: [new, used]}
            kind: {enum: [book]}
            next: {allOf: [{$ref: '#/components/schemas/Book'}], nullable: true}
security:
  - key: []
paths:
  /books:
    parameters:
      - $ref: '#/components/parameters/Limit'
    get:
      operationId: listBooks
      tags: [books]
      security: []
      parameters:
        - {name: genre, in: query, schema: {type: array, items: {type: string}}}
      responses:
        '200':
          description: A page.
          headers: {X-Total: {$ref: '#/components/headers/Total'}}
          content:
            application/json:
              schema: {type: array, items: {$ref: '#/components/schemas/Book'}}
        default: {$ref: '#/components/responses/Missing'}
    post:
      operationId: addBook
      deprecated: true
      security:
        - basic: []
        - key: []
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Book'}
      responses:
        '201':
          description: Made.
          content: {application/json: {schema: {$ref: '#/components/schemas/Book'}}}
  /books/{id}/cover:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string, format: uuid}}
    put:
      x-rate-limit: 10/minute
      requestBody:
        required: true
        content:
          multipart/form-data:
            schema:
              type: object
              required: [image]
              properties:
                image: {type: string, format: binary}
                caption: {type: string, maxLength: 80}
      responses:
        '204': {description: Stored.}
        '404': {$ref: '#/components/responses/Missing'}
"""

OPENAPI_3_1 = (
    OPENAPI_3_0.replace("3.0.3", "3.1.0")
    .replace("minimum: 0, exclusiveMinimum: true", "exclusiveMinimum: 0")
    .replace("{type: string, pattern: '^[0-9]{13}$', nullable: true}", "{type: [string, 'null'], pattern: '^[0-9]{13}$'}")
    .replace("{enum: [book]}", "{const: book}")
    .replace(
        "{allOf: [{$ref: '#/components/schemas/Book'}], nullable: true}",
        "{anyOf: [{$ref: '#/components/schemas/Book'}, {type: 'null'}]}",
    )
    .replace("{type: string, format: binary}", "{type: string, contentMediaType: application/octet-stream}")
)
OPENAPI_3_2 = OPENAPI_3_1.replace("3.1.0", "3.2.0")

DIALECTS = {"2.0": SWAGGER_2, "3.0.3": OPENAPI_3_0, "3.1.0": OPENAPI_3_1, "3.2.0": OPENAPI_3_2}
