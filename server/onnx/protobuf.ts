import protobuf from "protobufjs";
import type { DataType, Shape } from "./shape.ts";

export type Attribute = number | string | readonly number[] | { readonly float: number } | { readonly branch: Branch };

export interface ModelNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** One side of an `If`: no inputs, for it reads the values and initializers of the graph around it by name. */
export interface Branch {
  readonly nodes: readonly ModelNode[];
  readonly outputs: readonly ModelValue[];
}

export interface ModelTensor {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly bytes?: Uint8Array;
  readonly external?: { readonly location: string; readonly offset: number; readonly length: number };
}

interface ModelValue {
  readonly name: string;
  readonly type: DataType;
  readonly shape: Shape;
}

export interface Model {
  readonly name: string;
  readonly nodes: readonly ModelNode[];
  readonly initializers: readonly ModelTensor[];
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
}

/** The part of onnx.proto (ONNX 1.16, proto2) that our graphs use; field numbers are the format's. */
const onnxProto = `
syntax = "proto2";
message ModelProto {
  optional int64 ir_version = 1; optional string producer_name = 2; optional GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8;
}
message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
message GraphProto {
  repeated NodeProto node = 1; optional string name = 2; repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
}
message NodeProto {
  repeated string input = 1; repeated string output = 2; optional string name = 3; optional string op_type = 4;
  repeated AttributeProto attribute = 5; optional string domain = 7;
}
message AttributeProto {
  optional string name = 1; optional float f = 2; optional int64 i = 3; optional bytes s = 4;
  optional GraphProto g = 6; repeated int64 ints = 8; optional int32 type = 20;
}
message TensorProto {
  repeated int64 dims = 1; optional int32 data_type = 2; optional string name = 8; optional bytes raw_data = 9;
  repeated StringStringEntryProto external_data = 13; optional int32 data_location = 14;
}
message StringStringEntryProto { optional string key = 1; optional string value = 2; }
message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; }
message TypeProto { optional TensorTypeProto tensor_type = 1; }
message TensorTypeProto { optional int32 elem_type = 1; optional TensorShapeProto shape = 2; }
message TensorShapeProto { repeated Dimension dim = 1; }
message Dimension { optional int64 dim_value = 1; optional string dim_param = 2; }
`;

const modelProto = protobuf.parse(onnxProto, { keepCase: true }).root.lookupType("ModelProto");

const dataTypes: Readonly<Record<DataType, number>> = {
  float32: 1,
  uint8: 2,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
};
const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 };
const irVersion = 10;
const opset = { "": 20, "com.microsoft": 1 };

/** Serialises a graph as an ONNX ModelProto. */
export function encodeModel(model: Model): Uint8Array {
  const message = modelProto.create({
    ir_version: irVersion,
    producer_name: "backdrop",
    opset_import: Object.entries(opset).map(([domain, version]) => ({ domain, version })),
    graph: {
      name: model.name,
      node: model.nodes.map(encodeNode),
      initializer: model.initializers.map(encodeTensor),
      input: model.inputs.map(encodeValue),
      output: model.outputs.map(encodeValue),
    },
  });
  return modelProto.encode(message).finish();
}

/** of AttributeProto, for the sides of an `If` */
const graphAttributeType = 5;

function encodeNode({ op, domain, inputs, outputs, attributes }: ModelNode, i: number): object {
  const attribute = Object.entries(attributes).map(([name, value]) => encodeAttribute(name, value));
  return { input: inputs, output: outputs, name: `${op}_${i}`, op_type: op, domain, attribute };
}

function encodeAttribute(name: string, value: Attribute): object {
  if (typeof value === "number") return { name, i: value, type: attributeTypes.int };
  if (typeof value === "string") return { name, s: Buffer.from(value), type: attributeTypes.string };
  if ("float" in value) return { name, f: value.float, type: attributeTypes.float };
  if ("branch" in value) {
    const { nodes, outputs } = value.branch;
    const g = { name, node: nodes.map(encodeNode), output: outputs.map(encodeValue) };
    return { name, g, type: graphAttributeType };
  }
  return { name, ints: value, type: attributeTypes.ints };
}

function encodeTensor(t: ModelTensor): object {
  const head = { name: t.name, dims: t.shape, data_type: dataTypes[t.type] };
  if (!t.external) return { ...head, raw_data: t.bytes };
  const { location, offset, length } = t.external;
  const entries = { location, offset: String(offset), length: String(length) };
  return {
    ...head,
    data_location: 1,
    external_data: Object.entries(entries).map(([key, value]) => ({ key, value })),
  };
}

function encodeValue(v: ModelValue): object {
  const dim = v.shape.map((d) => (d === "B" ? { dim_param: "B" } : { dim_value: d }));
  return { name: v.name, type: { tensor_type: { elem_type: dataTypes[v.type], shape: { dim } } } };
}
