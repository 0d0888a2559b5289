import BakeContract
import CGuest

func internetAddress(_ address: IPv4Address, port: UInt16) -> sockaddr_in {
    var result = sockaddr_in()
    result.sin_family = UInt16(AF_INET)
    result.sin_port = port.bigEndian
    result.sin_addr.s_addr = address.bits.bigEndian
    return result
}
