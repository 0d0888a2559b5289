/// Text as Linux has it: paths, arguments and environment are bytes, whatever they spell.
public typealias Bytes = [UInt8]
