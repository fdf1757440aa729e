/* DCMTK's own library opening and releasing associations one after the other in one process, which none of its programs
 * does. dcmtk_open HOST PORT COUNT prints the seconds. Needs DCMTK's headers (Debian: libdcmtk-dev). */
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>
#include <dcmtk/oflog/oflog.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

static void must(const OFCondition &made) {
    if (made.bad()) {
        std::fprintf(stderr, "%s\n", made.text());
        std::exit(1);
    }
}

int main(int, char **arguments) {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    const std::string peer = std::string(arguments[1]) + ":" + arguments[2];
    const char *syntaxes[] = {UID_LittleEndianImplicitTransferSyntax};
    T_ASC_Network *network = nullptr;
    must(ASC_initializeNetwork(NET_REQUESTOR, 0, 30, &network));
    const auto begun = std::chrono::steady_clock::now();
    for (int left = std::atoi(arguments[3]); left > 0; left--) {
        T_ASC_Parameters *parameters = nullptr;
        T_ASC_Association *association = nullptr;
        must(ASC_createAssociationParameters(&parameters, 131072));
        ASC_setAPTitles(parameters, "LOOP", "ANY-SCP", nullptr);
        ASC_setPresentationAddresses(parameters, "localhost", peer.c_str());
        must(ASC_addPresentationContext(parameters, 1, UID_VerificationSOPClass, syntaxes, 1));
        must(ASC_requestAssociation(network, parameters, &association));
        must(ASC_releaseAssociation(association));
        must(ASC_destroyAssociation(&association));
    }
    std::printf("%f\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    ASC_dropNetwork(&network);
    return 0;
}
