internal import Containers
internal import Glibc
internal import SystemPackage
internal import Trees

/// What a `-R` can name: a directory, an archive, a container image, a squashfs, an image of ours.
extension InputReader {
    /// One `-R`, counted from 1.
    mutating func readTree(
        _ tree: BakeRequest.Tree, number: Int
    ) throws(BakeError) {
        let placement = try Placement(tree)
        do throws(BakeError) {
            var status = stat()
            if stat(tree.path, &status) != 0, errno == ENOENT {
                throw BakeError(.treeMissing(tree: tree.source))
            }
            if let location = ContainerLocation(tree.source) {
                try readImage(location, number, placement)
            } else {
                let isDirectory = status.st_mode & S_IFMT == S_IFDIR
                let layer =
                    isDirectory
                    ? try directory(tree.source, placement)
                    : try placed(try file(tree.source), placement)
                add(layer, .tree(number))
            }
        } catch {
            guard request.allowsMissing, error.isAboutMissingTree else { throw error }
            warnings.append(error.description)
        }
    }

    /// A container image: each of its layers is one of ours.
    private mutating func readImage(
        _ location: ContainerLocation, _ number: Int, _ placement: Placement
    ) throws(BakeError) {
        let image: ContainerImage
        do throws(ContainerError) {
            image = try .read(location, scratch: scratch, options: archiveOptions)
        } catch {
            throw BakeError(error)
        }
        for (index, layer) in image.layers.enumerated() {
            add(
                try placed(layer, placement), .imageLayer(tree: number, number: index + 1),
                detail: image.layerDigests[index])
        }
        // Its paths mean nothing where the image's root is not the root.
        if request.takesImageConfiguration, placement.isNone {
            imageConfiguration = image.configuration
        }
    }

    private func directory(
        _ path: String, _ placement: Placement
    ) throws(BakeError) -> Layer {
        let layer = try scan(path, name: path, excluding: exclusions.predicate(for: placement))
        return try attempt { () throws(TreeError) in
            try placement.placed(layer.applyingWhiteouts())
        }
    }

    private func file(_ path: String) throws(BakeError) -> Layer {
        switch TreeFileKind(ofFileAt: path) {
        case .archive: try archive(path)
        case .squashfs:
            try Layer.read(squashfs: FilePath(path), scratch: scratch).owned(by: plan.ownerRule)
        case .image:
            try ImageTree(opening: FilePath(path)).checkedLayer(scratch: scratch)
                .owned(by: plan.ownerRule)
        }
    }

    private func archive(_ path: String) throws(BakeError) -> Layer {
        try attempt { () throws(TreeError) in
            try .read(
                archive: FilePath(path), name: path, scratch: scratch, options: archiveOptions)
        }
    }

    private var archiveOptions: ArchiveOptions {
        var options = ArchiveOptions()
        options.owner = plan.ownerRule
        options.dropsAccessControlLists = request.dropsAccessControlLists
        return options
    }

    /// A layer that was read whole, at its place and without what is excluded there.
    private func placed(_ layer: Layer, _ placement: Placement) throws(BakeError) -> Layer {
        try attempt { () throws(TreeError) in
            exclusions.applied(to: try placement.placed(try layer.applyingWhiteouts()))
        }
    }
}
