internal import BakeContract
internal import Glibc
internal import SystemPackage

extension LaunchSession {
    /// What can be done when one descriptor is ready.
    private enum Step {
        case readInput, writeInput
        case read(Int), write(Int)
        case drainControl, nothing
    }

    /// How often the end of QEMU and the clock are looked at when nothing else happens.
    private static let tickMilliseconds: Int32 = 100

    /// Waits for anything to do, up to a tick, and does all of it once. True when nothing was read.
    mutating func passThrough(isWaiting: Bool) -> Bool {
        let interests = interests()
        var polled = interests.map {
            pollfd(fd: $0.descriptor, events: Int16($0.event), revents: 0)
        }
        // An interrupted call is a signal: it stands in the pipe of `signals` by now.
        guard poll(&polled, nfds_t(polled.count), isWaiting ? Self.tickMilliseconds : 0) > 0 else {
            return true
        }
        var isQuiet = true
        for (interest, answer) in zip(interests, polled) where answer.revents != 0 {
            switch interest.step {
            case .readInput: input?.readChunk()
            case .writeInput: input?.writeChunk()
            case .read(let index): isQuiet = !relays[index].readChunk() && isQuiet
            case .write(let index): relays[index].writeChunk()
            case .drainControl: control.drain()
            case .nothing: break
            }
        }
        return isQuiet
    }

    private func interests() -> [(descriptor: Int32, event: Int32, step: Step)] {
        var result: [(descriptor: Int32, event: Int32, step: Step)] = [
            (signals.descriptor.rawValue, POLLIN, .nothing),
            (control.descriptor.rawValue, POLLIN, .drainControl),
        ]
        for (index, relay) in relays.enumerated() {
            if relay.wantsRead {
                result.append((relay.source.rawValue, POLLIN, .read(index)))
            }
            if relay.wantsWrite, let target = relay.target {
                result.append((target.rawValue, POLLOUT, .write(index)))
            }
        }
        if let input {
            if input.wantsRead {
                result.append((input.source.rawValue, POLLIN, .readInput))
            }
            if input.wantsWrite {
                result.append((input.target.rawValue, POLLOUT, .writeInput))
            }
        }
        return result
    }
}
