internal import CJSON
public func probe(_ text: [UInt8]) -> Bool { let t = json_tokener_new(); defer { json_tokener_free(t) }; return t != nil }
