internal import BakeContract
public import SystemPackage
public import Trees

/// A container image after it was read: its layers, lowest first, and what it says about running
/// its program.
public struct ContainerImage: Sendable {
    /// Named after the image's file, `alpine.tar layer 2`; whiteouts are applied.
    public let layers: [Layer]
    /// Of each layer, the digest the image's configuration gives its archive (OCI image-spec,
    /// config.md, `diff_ids`): `sha256:...`; empty where it gives none.
    public let layerDigests: [String]
    public let configuration: ImageConfiguration

    /// Reads an image. Nothing is unpacked: layers are read where they stand, also within an
    /// archive; a compressed archive is decompressed into a nameless file first. Every digest that
    /// the image gives for a part that is used is checked.
    ///
    /// - Parameters:
    ///   - platform: which of the images of an index is meant, and what it must be for.
    ///   - scratch: a directory with room for the contents; nothing is left in it.
    ///   - options: how the layers are read.
    public static func read(
        _ location: ContainerLocation, platform: ImagePlatform = .linuxAMD64, scratch: FilePath,
        options: ArchiveOptions = ArchiveOptions()
    ) throws(ContainerError) -> ContainerImage {
        do throws(ContainerProblem) {
            let parts = try parts(of: location, platform, scratch)
            return ContainerImage(
                layers: try layers(of: parts, location, scratch, options),
                layerDigests: parts.differenceIDs,
                configuration: try ImageConfiguration(parts.configuration))
        } catch {
            throw ContainerError(image: location.description, error)
        }
    }

    private static func parts(
        of location: ContainerLocation, _ platform: ImagePlatform, _ scratch: FilePath
    ) throws(ContainerProblem) -> ImageParts {
        let path = FilePath(location.path)
        if location.form == .oci {
            return try ImageLayout(files: DirectoryFiles(directory: path), platform: platform)
                .parts(reference: location.reference)
        }
        let files: ArchiveFiles
        do throws(TreeError) {
            files = ArchiveFiles(
                index: try ArchiveIndex.read(
                    archive: path, name: location.path, scratch: scratch))
        } catch {
            throw .tree(error)
        }
        if location.form == .dockerArchive {
            return try DockerArchive(files: files, platform: platform)
                .parts(reference: location.reference)
        }
        return try ImageLayout(files: files, platform: platform)
            .parts(reference: location.reference)
    }

    private static func layers(
        of parts: ImageParts, _ location: ContainerLocation, _ scratch: FilePath,
        _ options: ArchiveOptions
    ) throws(ContainerProblem) -> [Layer] {
        var options = options
        // A digest was checked, so nothing was cut off.
        options.isKnownWhole = true
        var layers: [Layer] = []
        for (index, file) in parts.layers.enumerated() {
            do throws(TreeError) {
                let layer = try Layer.read(
                    archive: file.descriptor, bytes: file.bytes,
                    name: "\(location.shortName) layer \(index + 1)", scratch: scratch,
                    options: options)
                layers.append(try layer.applyingWhiteouts())
            } catch {
                throw .tree(error)
            }
        }
        return layers
    }
}
