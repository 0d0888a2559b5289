import BakeContract

// What the image and the platform say, read before anything of the blob is.

func readManifest<System: GuestSystem>(on system: System) throws(GuestFailure) -> GuestManifest {
    let text: Bytes
    do {
        text = try system.read(BootPaths.manifest, limit: 1 << 16)
    } catch {
        throw .cannotReadManifest(error)
    }
    do {
        return try GuestManifest.parse(text)
    } catch {
        throw .manifestIsDamaged(error)
    }
}

/// Refuses a guest manifest or baked configuration that is not what was baked: a launcher that is
/// not ours hands over a damaged file without a word, and a flipped bit may still be good JSON.
func checkSettings<System: GuestSystem>(on system: System) throws(GuestFailure) {
    let manifest = try readIfThere(BootPaths.manifest, limit: 1 << 16, on: system) ?? []
    let configuration = try readIfThere(BootPaths.configuration, limit: 1 << 20, on: system) ?? []
    let expected = try readIfThere(BootPaths.settingsDigest, limit: 256, on: system) ?? []
    let found: Bytes
    do {
        found = try system.sha256(of: manifest + configuration).hexadecimal
    } catch {
        throw .cannotDigest(error)
    }
    guard found == expected.trimmed else { throw .settingsAreDamaged }
}

/// What all sources say together; warnings go to the console.
func readConfiguration<System: GuestSystem>(
    on system: System
) throws(GuestFailure) -> EffectiveConfiguration {
    let baked = try readIfThere(BootPaths.configuration, limit: 1 << 20, on: system)
    let room = try readRoom(on: system)
    let platform = try askPlatform(baked: baked, room: room, on: system)
    do {
        let sources = try EffectiveConfiguration.sources(
            baked: baked, room: room, platform: platform)
        let effective = try EffectiveConfiguration(sources, .booting)
        for warning in effective.warnings { system.say("bake: \(warning.warning)".bytes) }
        if try KernelCommandLine.parse(platform.commandLine).isExplaining {
            let explanation = try ConfigurationExplanation(of: effective, from: sources)
            for line in explanation.text.lines { system.say("bake: ".bytes + line) }
        }
        return effective
    } catch {
        throw .configuration(error)
    }
}

/// The merge patch in the configuration room; nil for an image without a room. A damaged slot is
/// what an interrupted `bake set` leaves: the other one counts.
private func readRoom<System: GuestSystem>(on system: System) throws(GuestFailure) -> Bytes? {
    guard
        let bytes = try readIfThere(
            BootPaths.room, limit: 2 * ConfigurationRoom.slotByteCount, on: system)
    else { return nil }
    let current: (patch: Bytes?, damagedSlots: [Int])
    do throws(Errno) {
        current = try ConfigurationRoom(bytes).current { slot throws(Errno) in
            try system.sha256(of: slot)
        }
    } catch {
        throw .cannotDigest(error)
    }
    guard let patch = current.patch else { throw .roomIsDamaged }
    for slot in current.damagedSlots {
        system.say(
            "bake: warning: slot \(slot) of the configuration room is damaged, the other counts"
                .bytes)
    }
    return patch
}

private func readIfThere<System: GuestSystem>(
    _ path: Bytes, limit: Int, on system: System
) throws(GuestFailure) -> Bytes? {
    guard system.kind(of: path) != nil else { return nil }
    do {
        return try system.read(path, limit: limit)
    } catch {
        throw .system("cannot read \(path.shown)", error)
    }
}

/// Without its newline. A kernel without /proc/cmdline said nothing.
func readCommandLine<System: GuestSystem>(on system: System) -> Bytes {
    ((try? system.read("/proc/cmdline".bytes, limit: 1 << 16)) ?? []).trimmed  // as said above
}
