internal import Blobs
internal import Glibc

extension Baker {
    /// - Parameter startSeconds: before the first file was looked at.
    /// - Returns: nil where nothing is reused, neither now nor later.
    func reuse(
        of earlier: EarlierImage?, _ request: BakeRequest, _ startSeconds: Int64
    ) -> Reuse? {
        guard request.reuse.isWanted else { return nil }
        return Reuse(
            base: earlier?.base, trust: Reuse.Trust(rawValue: request.reuse.trust.rawValue)!,
            startSeconds: startSeconds)
    }

    /// For the next bake.
    func keep(_ blob: Blob, in indices: BlobIndexCache) {
        guard let index = blob.index, let verity = blob.verity else { return }
        indices.keep(index, rootHash: verity.rootHash)
    }
}
